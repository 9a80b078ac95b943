package verb

import (
	"net/http"
	"sync"
)

// Wrap makes a middleware of one of net/http: what comes after it in the App
// is the handler it gets.
//
// One that answers while that handler still runs, as http.TimeoutHandler does,
// has its answer sent at once. The request is served for as long as the handler
// runs all the same, which Request.Context tells to stop.
func Wrap(m func(http.Handler) http.Handler) Middleware {
	if m == nil {
		panic(noMiddleware)
	}
	return func(req *Request, res *Response, next Next) {
		r, err := req.http()
		if err != nil {
			next(err)
			return
		}
		var in passage
		more := req.extra()
		h := m(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !in.enter() {
				return
			}
			defer in.running.Done()
			was := req.carrier()
			c := &borrowed{w: w, r: r, fields: was.headers(), url: was.target()}
			carrier, ctx := more.carrier, more.context
			more.carrier, more.context = c, nil // that of r has what ctx has
			defer func() { more.carrier, more.context = carrier, ctx }()
			next()
			if c.broken && !in.isOver() {
				was.destroy(nil)
			}
		}))
		w := newWriter(res)
		returned := false
		defer func() {
			if !returned {
				res.ended = false // it was in there, but what panicked has not sent it all
			}
		}()
		defer in.end()
		h.ServeHTTP(w, r)
		returned = true
		passed := in.close()
		if passed && !w.begun {
			return
		}
		// Until in.end, who is further in may use the request and the response.
		err = w.end()
		in.end()
		res.ended = true
		if err != nil && !passed {
			next(err)
		}
	}
}

// passage is the way in to what comes after a middleware of net/http.
type passage struct {
	running sync.WaitGroup // of those who are in

	mu     sync.Mutex
	passed bool
	over   bool // the middleware has returned
}

// enter reports whether it is open.
func (p *passage) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return false
	}
	p.passed = true
	p.running.Add(1)
	return true
}

func (p *passage) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// close closes it, and reports whether anybody has passed.
func (p *passage) close() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	return p.passed
}

// end closes it, and waits for those who are in.
func (p *passage) end() {
	p.close()
	p.running.Wait()
}
