// Package metrics counts what happens on servers of package events, and tells
// it in the text format that Prometheus reads.
//
//	m := metrics.New(metrics.Options{})
//	m.Watch(server)
//	server.OnRequest(m.Handler(serve))
//	...
//	m.WriteTo(w)
//
// Connections are watched from their beginning by Watch, or from their first
// request that is counted. Requests are counted by Handler, or one by one by
// Exchange; those by HTTP/1.1 as well, whose connections are no sessions.
//
// Whatever clients send, the number of series is bounded: a method that is not
// one of the usual nine is "other", a status is one of 100 to 599 or, for a
// request that ended without a response, "none", and there is no label that has
// a path, a name or an address.
//
// Counting takes no lock and, a listener for the end of a stream aside, no
// memory.
package metrics
