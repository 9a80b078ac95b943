package verb_test

import (
	"fmt"
	"net/http/httptest"

	"weft/adapters/verb"
)

// An App, asked without a network.
func Example() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/users/:id", func(req *verb.Request, res *verb.Response) error {
		return res.JSON(map[string]string{"id": req.Param("id")})
	})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"id":"7"}
}
