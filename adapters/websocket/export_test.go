package websocket

// AcceptDeflate is for tests.
var AcceptDeflate = acceptDeflate
