package events_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
)

// Whatever handlers do and clients give up, everybody else is served, every
// handler that began ends, and what comes afterwards is served in time.
func TestLeadAtRandom(t *testing.T) {
	kinds := []string{"/prompt", "/prompt", "/prompt", "/wait", "/later", "/panic", "/exit", "/waits-and-panics",
		"/waits-and-exits", "/large", "/open", "/destroy", "/piece", "/ends-and-waits", "/do", "/busy"}
	large := strings.Repeat("0123456789", 20_000)
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			var began, ended atomic.Int64
			client := promptPair(t, func(req *events.Request, res *events.Response) {
				began.Add(1)
				defer ended.Add(1)
				kind, rest, _ := strings.Cut(strings.TrimPrefix(req.URL(), "/"), "/")
				n, _ := strconv.Atoi(rest)
				pause := time.Duration(n%7) * 100 * time.Microsecond
				st, _ := req.Stream()
				if strings.HasPrefix(kind, "waits-") {
					<-time.After(pause)
				}
				switch kind {
				case "wait":
					<-time.After(pause)
				case "later": // beyond the handler's end
					go func() {
						<-time.After(pause + time.Microsecond)
						res.EndString("late")
					}()
					return
				case "panic", "waits-and-panics":
					panic("on purpose")
				case "exit", "waits-and-exits":
					runtime.Goexit()
				case "large":
					if _, err := res.Blocking().WriteString(large); err != nil {
						return
					}
				case "open":
					return
				case "destroy":
					res.Destroy(nil)
				case "piece":
					res.WriteString("piece")
					<-time.After(pause)
				case "ends-and-waits":
					res.EndString(req.URL())
					<-time.After(pause)
				case "do":
					st.Session().Do(func() { res.SetHeader("done", "yes") })
				case "busy":
					for range n % 1000 {
						req.Method()
					}
				}
				res.EndString(req.URL())
			})
			for round := range 8 {
				n := 1 + r.IntN(40)
				list := make([]string, n)
				for i := range list {
					if list[i] = kinds[r.IntN(len(kinds))]; list[i] != "/prompt" {
						list[i] += fmt.Sprint("/", r.IntN(1000))
					}
				}
				conns := askTogether(t, client, n, paths(list...), true)
				if r.IntN(2) == 0 {
					<-time.After(time.Duration(r.IntN(1000)) * time.Microsecond)
				}
				for _, i := range r.Perm(n) {
					if r.IntN(6) == 0 {
						conns[i].Close()
						continue
					}
					h, err := conns[i].Response()
					got, readErr := io.ReadAll(conns[i])
					if err == nil {
						err = readErr
					}
					kind, _, _ := strings.Cut(list[i][1:], "/")
					want, status := list[i], 200
					switch kind {
					case "panic", "waits-and-panics":
						want, status = "", 500
					case "exit", "waits-and-exits", "open", "later":
						want = ""
					case "large":
						want = large + want
					case "piece":
						want = "piece" + want
					case "destroy":
						if err == nil {
							t.Errorf("seed %d, round %d: %s: no error", seed, round, list[i])
						}
						conns[i].Close()
						continue
					}
					if err != nil || h.Status() != status || string(got) != want {
						t.Errorf("seed %d, round %d: %s: %d, %d bytes %.20q, %v", seed, round, list[i], h.Status(), len(got), got, err)
					}
					conns[i].Close()
				}
			}
			<-time.After(time.Second)
			if b, e := began.Load(), ended.Load(); b != e {
				t.Errorf("seed %d: %d handlers began, %d ended", seed, b, e)
			}
			askPrompt(t, client, 150)
		})
	}
}
