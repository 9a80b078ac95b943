package events

// Wrap makes a request handler of one that takes a program's own types of
// request and response, made by functions that are called for each request:
// what options of Node's createServer do with subclasses. The types embed
// *Request and *Response as a rule.
//
//	server.OnRequest(events.Wrap(newRequest, newResponse, func(req *MyRequest, res *MyResponse) {
//		res.JSON(req.UserAgent())
//	}))
func Wrap[Q, R any](request func(*Request) Q, response func(*Response) R, f func(req Q, res R)) func(*Request, *Response) {
	mustCall("Wrap", request == nil || response == nil || f == nil)
	return func(req *Request, res *Response) { f(request(req), response(res)) }
}

// ByVersion makes a request handler of two: one for requests by HTTP/2, one for
// those by HTTP/1, where a server allows that. With Wrap each has types of its
// own.
//
//	server.OnRequest(events.ByVersion(
//		events.Wrap(newRequest, newResponse, answer),
//		events.Wrap(newOldRequest, newOldResponse, answerOld)))
func ByVersion(http2, http1 func(req *Request, res *Response)) func(req *Request, res *Response) {
	mustCall("ByVersion", http2 == nil || http1 == nil)
	return func(req *Request, res *Response) {
		if req.st.http1() != nil {
			http1(req, res)
		} else {
			http2(req, res)
		}
	}
}
