package verb_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"weft/adapters/verb"
)

// result is what became of one request of a batch.
type result struct {
	Path   string          `json:"path"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// batch is an endpoint that has several requests served at once by the same
// app, each without harm to the others.
func batch(app *verb.App, most int) verb.Handler {
	return func(req *verb.Request, res *verb.Response) error {
		var in struct{ Requests []string }
		if err := req.JSON(&in); err != nil {
			return err
		}
		if len(in.Requests) > most {
			return &verb.Error{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprint("at most ", most, " requests")}
		}
		results := make([]result, len(in.Requests))
		var all sync.WaitGroup
		for i, path := range in.Requests {
			all.Go(func() { results[i] = one(app, req, path) })
		}
		all.Wait()
		successful := 0
		for _, r := range results {
			if r.Status < 400 {
				successful++
			}
		}
		return res.JSON(map[string]any{"results": results, "total": len(results), "successful": successful})
	}
}

// one makes a request of the app itself.
func one(app *verb.App, req *verb.Request, path string) result {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/batch") {
		return result{Path: path, Status: http.StatusBadRequest, Error: "not for a batch"}
	}
	inner := httptest.NewRequestWithContext(req.Context(), http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	app.ServeHTTP(w, inner)
	r := result{Path: path, Status: w.Code}
	if w.Code < 400 {
		r.Body = w.Body.Bytes()
	} else {
		r.Error = strings.TrimSpace(w.Body.String())
	}
	return r
}

// A batch endpoint: many small requests in one, served at the same time, with
// what became of each.
func Example_batch() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/users/:id", func(req *verb.Request, res *verb.Response) error {
		if req.Param("id") == "0" {
			return &verb.Error{Status: 404, Message: "there is no such user"}
		}
		return res.JSON(map[string]string{"id": req.Param("id")})
	})
	app.Post("/batch", batch(app, 100))

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("POST", "/batch", strings.NewReader(`{"requests":["/users/7","/users/0","/users/8"]}`)))
	var out struct {
		Results           []result
		Total, Successful int
	}
	json.Unmarshal(w.Body.Bytes(), &out)
	for _, r := range out.Results {
		fmt.Printf("%s %d %s%s\n", r.Path, r.Status, r.Body, r.Error)
	}
	fmt.Println(out.Successful, "of", out.Total)
	// Output:
	// /users/7 200 {"id":"7"}
	// /users/0 404 there is no such user
	// /users/8 200 {"id":"8"}
	// 2 of 3
}
