package verb

import (
	"net/http"

	"weft/events"
)

// arrival is what there is to find out about a request by package events before it
// goes through the layers. Where requests repeat their headers it is found out
// once: then not even the path is looked at.
type arrival struct {
	headers events.Headers
	table   *table
	todo    *step
	get     bool
}

// arrive has the request begin its way through an App. The App keeps the last
// arrival of a request that repeats another's headers, and with it one such list.
// Connections that take turns replace it, which costs them an object a turn: beside
// what a turn costs that is nothing.
func (x *call) arrive(app *App) {
	x.app = app
	table := app.layersNow()
	if !x.req.RepeatsHeaders() {
		x.todo, x.get = table.find(x.req.URL()), x.req.Method() == http.MethodGet
		return
	}
	headers, last := x.req.Headers(), app.last.Load()
	if last == nil || last.table != table || !last.headers.Is(headers) {
		last = &arrival{headers, table, table.find(x.req.URL()), x.req.Method() == http.MethodGet}
		app.last.Store(last)
	}
	x.todo, x.get = last.todo, last.get
}
