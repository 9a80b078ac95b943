package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"weft/events"
)

// progress shows how far the transfers are, once they take longer than a
// second: one line on a terminal, if the bodies do not go there.
type progress struct {
	w     io.Writer
	shown bool // whether there is one
	start time.Time
	stop  chan struct{}
	once  sync.Once

	mu      sync.Mutex
	have    int64
	want    int64 // of those whose length is known
	unknown bool  // some length is not
	width   int   // of what is on the terminal now
}

const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

func newProgress(e *env, targets []*target) *progress {
	p := &progress{w: e.stderr, start: time.Now(), stop: make(chan struct{})}
	p.shown = isTerminal(e.stderr)
	for _, t := range targets {
		if t.file == "" && isTerminal(e.stdout) {
			p.shown = false
		}
	}
	if p.shown {
		go p.run()
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) run() {
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			p.draw(time.Since(p.start))
			timer.Reset(progressEvery)
		case <-p.stop:
			return
		}
	}
}

func (p *progress) draw(elapsed time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	want := p.want
	if p.unknown {
		want = -1
	}
	text := bar(p.have, want, elapsed)
	pad := max(0, p.width-len([]rune(text)))
	p.width = len([]rune(text))
	fmt.Fprintf(p.w, "\r%s%s", text, strings.Repeat(" ", pad))
}

// hide takes the line away, for another one.
func (p *progress) hide() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}

func (p *progress) end() {
	p.once.Do(func() { close(p.stop) })
	p.hide()
}

const barWidth = 30

// bar is the line: "[=====>    ]  52%  12.3 MiB of 23.6 MiB  4.1 MiB/s  3s left".
func bar(have, want int64, elapsed time.Duration) string {
	rate := float64(have) / max(elapsed.Seconds(), 0.001)
	if want <= 0 {
		return fmt.Sprintf("%s  %s/s", size(float64(have)), size(rate))
	}
	part := min(1, float64(have)/float64(want))
	n := int(part * barWidth)
	body := strings.Repeat("=", n)
	if n < barWidth {
		body += ">"
	}
	text := fmt.Sprintf("[%-*s] %3d%%  %s of %s  %s/s", barWidth, body, int(part*100),
		size(float64(have)), size(float64(want)), size(rate))
	if rate > 0 && have < want {
		left := time.Duration(float64(want-have) / rate * float64(time.Second))
		text += fmt.Sprintf("  %v left", left.Round(time.Second))
	}
	return text
}

// size is a number of bytes for people.
func size(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= 1024 && i < len(units)-1 {
		n /= 1024
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f B", n)
	}
	return fmt.Sprintf("%.1f %s", n, units[i])
}

// meter counts what came of one response.
type meter struct{ p *progress }

func (p *progress) meter(_ *target, response events.Headers) meter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n, err := strconv.ParseInt(response.Get("content-length"), 10, 64); err == nil {
		p.want += n
	} else {
		p.unknown = true
	}
	return meter{p}
}

func (m meter) add(n int) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.p.have += int64(n)
}
