package events

// The sentinels of the Compatibility API.
var (
	ErrInfoStatusNotAllowed = &Error{Code: "ERR_HTTP2_INFO_STATUS_NOT_ALLOWED", Message: "Informational status codes cannot be used"}
	ErrPseudoNotAllowed     = &Error{Code: "ERR_HTTP2_PSEUDOHEADER_NOT_ALLOWED", Message: "Cannot set HTTP/2 pseudo-headers"}
)
