package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A report is what bench/client prints, and the other clients are made to.
type report struct {
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	Seconds  float64 `json:"seconds"`
	Bytes    float64 `json:"bytes"`
	CPU      float64 `json:"cpu_us"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
}

// rate is requests a second.
func (r report) rate() float64 { return float64(r.Requests) / r.Seconds }

// parseReport reads a report. That requests failed, or that there were none, is
// an error.
func parseReport(line string) (r report, err error) {
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		return r, fmt.Errorf("client: %w: %q", err, line)
	}
	switch {
	case r.Failed > 0:
		return r, fmt.Errorf("%d of %d requests failed", r.Failed, r.Requests)
	case r.Requests == 0 || r.Seconds <= 0:
		return r, errors.New("client: no request ended")
	}
	return r, nil
}

// A holder is bench/client with -wait: its connections stand, it makes requests
// when told to, and keeps what it holds until it is closed.
type holder struct {
	in   io.WriteCloser
	out  *bufio.Reader
	diag bytes.Buffer
	done chan struct{}
	stop context.CancelFunc
}

// clientArgv is bench/client with some flags.
func (k *kit) clientArgv(o serveOptions, flags ...string) []string {
	return append([]string{k.bin("client"), "-url", o.url("")}, flags...)
}

// hold starts a holder and waits until it is ready.
func (b *bench) hold(ctx context.Context, cores string, o serveOptions, flags ...string) (*holder, error) {
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	h := &holder{done: make(chan struct{}), stop: cancel}
	argv := pinned(cores, b.kit.clientArgv(o, append(flags, "-wait")...))
	b.note(argv, o)
	cmd := command(ctx, argv)
	cmd.Stderr = &h.diag
	var err error
	if h.in, err = cmd.StdinPipe(); err != nil {
		cancel()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	h.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	// Wait closes out, so it may only come when nothing is read any more.
	context.AfterFunc(ctx, func() {
		cmd.Wait()
		close(h.done)
	})
	if line, err := h.out.ReadString('\n'); err != nil || line != "ready\n" {
		return nil, h.failed()
	}
	return h, nil
}

// failed ends a holder that did not do what it should, and says why.
func (h *holder) failed() error {
	h.close()
	if text := lastLine(h.diag.String()); text != "" {
		return errors.New(text)
	}
	return fmt.Errorf("client: not done after %v", loadLimit)
}

// measure has it make its requests.
func (h *holder) measure() (report, error) {
	if _, err := io.WriteString(h.in, "go\n"); err != nil {
		return report{}, h.failed()
	}
	line, err := h.out.ReadString('\n')
	if err != nil {
		return report{}, h.failed()
	}
	return parseReport(line)
}

// close ends it, with all its connections, and waits for it.
func (h *holder) close() {
	h.stop()
	<-h.done
}

// underClient measures a server while bench/client does what flags say.
func (b *bench) underClient(ctx context.Context, srv *server, o serveOptions, flags ...string) (sample, error) {
	flags = append(flags, "-for", b.span.String())
	h, err := b.hold(ctx, clientCore, o, flags...)
	if err != nil {
		return nil, err
	}
	defer h.close()
	before, err := cpuTime(srv.pid)
	if err != nil {
		return nil, err
	}
	r, err := h.measure()
	if err != nil {
		return nil, err
	}
	after, err := cpuTime(srv.pid)
	if err != nil {
		return nil, err
	}
	peak, err := memory(srv.pid, "VmHWM")
	if err != nil {
		return nil, err
	}
	return sample{
		"cpu":  float64((after - before).Nanoseconds()) / 1e3 / float64(r.Requests),
		"rate": r.rate(),
		"peak": peak,
		"p50":  r.P50,
		"p99":  r.P99,
	}, nil
}

// settle lets a server come to rest before its memory is looked at.
func settle(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}
