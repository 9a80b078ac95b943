package nodetest

import (
	"slices"
	"strings"
	"testing"

	"weft/events"
)

// Each constant has the value it has in Node.
func TestNode_binding(t *testing.T) {
	t.Run("binding.1", func(t *testing.T) {
		ran(t)
		type values struct {
			table, streams, window, frame, list uint32
			push, connect                       bool
		}
		want := values{4096, 4294967295, 65535, 16384, 65535, true, false}
		constants := values{
			events.DefaultSettingsHeaderTableSize, events.DefaultSettingsMaxConcurrentStreams,
			events.DefaultSettingsInitialWindowSize, events.DefaultSettingsMaxFrameSize,
			events.DefaultSettingsMaxHeaderListSize,
			events.DefaultSettingsEnablePush, events.DefaultSettingsEnableConnectProtocol,
		}
		if constants != want {
			t.Errorf("the constants are %v, want %v", constants, want)
		}
		s := events.GetDefaultSettings()
		got := values{
			s.HeaderTableSize.Or(0), s.MaxConcurrentStreams.Or(0), s.InitialWindowSize.Or(0), s.MaxFrameSize.Or(0),
			s.MaxHeaderListSize.Or(0), s.EnablePush.Or(false), s.EnableConnectProtocol.Or(true),
		}
		if got != want {
			t.Errorf("GetDefaultSettings has %v, want %v", got, want)
		}
	})
	t.Run("binding.2", func(t *testing.T) {
		ran(t)
		if got := events.ErrnoGoawayAlreadySent.String(); got != "GOAWAY has already been sent" || events.ErrnoGoawayAlreadySent != -517 {
			t.Errorf("%d is %q", events.ErrnoGoawayAlreadySent, got)
		}
	})
	t.Run("binding.3", func(t *testing.T) {
		ran(t)
		for _, c := range statusConstants {
			if c.got != c.want {
				t.Errorf("a status is %d, want %d", c.got, c.want)
			}
		}
		if len(statusConstants) != 63 {
			t.Errorf("%d statusConstants", len(statusConstants))
		}
	})
	t.Run("binding.4", func(t *testing.T) {
		ran(t)
		want := strings.Fields(headerNames)
		if !slices.Equal(headerConstants, want) || len(headerConstants) != 86 {
			t.Errorf("the %d names are %q, want %q", len(headerConstants), headerConstants, want)
		}
	})
	t.Run("binding.5", func(t *testing.T) {
		ran(t)
		for _, c := range numberConstants {
			if c.got != c.want {
				t.Errorf("%s is %d, want %d", c.name, c.got, c.want)
			}
		}
	})
}

// The rows of the constants that Node's documents name.
func TestConstants(t *testing.T) {
	for _, c := range numberConstants {
		if c.row == "" {
			continue
		}
		if c.got != c.want {
			t.Errorf("%s is %d, want %d", c.row, c.got, c.want)
		}
		covers(t, "constant."+c.row)
	}
	for row, c := range map[string][2]string{
		"METHOD":       {events.HeaderMethod, ":method"},
		"PATH":         {events.HeaderPath, ":path"},
		"STATUS":       {events.HeaderStatus, ":status"},
		"CONTENT_TYPE": {events.HeaderContentType, "content-type"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is %q, want %q", row, c[0], c[1])
		}
		covers(t, "constant.HTTP2_HEADER_"+row)
	}
	covers(t, "http2.constants")
}

// TestNode_paddingConstants: CALLBACK is another name of ALIGNED.
func TestNode_paddingConstants(t *testing.T) {
	t.Run("padding-aligned.2", func(t *testing.T) {
		ran(t)
		got := []events.PaddingStrategy{
			events.PaddingStrategyNone, events.PaddingStrategyAligned, events.PaddingStrategyMax, events.PaddingStrategyCallback,
		}
		if want := []events.PaddingStrategy{0, 1, 2, 1}; !slices.Equal(got, want) {
			t.Errorf("NONE, ALIGNED, MAX and CALLBACK are %v, want %v", got, want)
		}
	})
}

// A type's words for its numberConstants.
func TestConstantsInWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{events.SessionTypeServer.String(), "server"},
		{events.SessionTypeClient.String(), "client"},
		{events.StreamStateIdle.String(), "idle"},
		{events.StreamStateHalfClosedRemote.String(), "half-closed (remote)"},
		{events.StreamStateClosed.String(), "closed"},
		{events.StreamStateCode(0).String(), "unknown"},
		{events.StreamStateCode(8).String(), "unknown"},
		{events.EnhanceYourCalm.String(), "ENHANCE_YOUR_CALM"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// numberConstants are the constants with a number, by Node's names without NGHTTP2_,
// and the rows of those that have one of their own.
var numberConstants = []struct {
	name      string
	got, want int
	row       string
}{
	{"SESSION_SERVER", int(events.SessionTypeServer), 0, "NGHTTP2_SESSION_SERVER"},
	{"SESSION_CLIENT", int(events.SessionTypeClient), 1, "NGHTTP2_SESSION_CLIENT"},
	{"STREAM_STATE_IDLE", int(events.StreamStateIdle), 1, ""},
	{"STREAM_STATE_OPEN", int(events.StreamStateOpen), 2, ""},
	{"STREAM_STATE_RESERVED_LOCAL", int(events.StreamStateReservedLocal), 3, ""},
	{"STREAM_STATE_RESERVED_REMOTE", int(events.StreamStateReservedRemote), 4, ""},
	{"STREAM_STATE_HALF_CLOSED_LOCAL", int(events.StreamStateHalfClosedLocal), 5, ""},
	{"STREAM_STATE_HALF_CLOSED_REMOTE", int(events.StreamStateHalfClosedRemote), 6, ""},
	{"STREAM_STATE_CLOSED", int(events.StreamStateClosed), 7, ""},
	{"HCAT_REQUEST", int(events.HeadersCategoryRequest), 0, ""},
	{"HCAT_RESPONSE", int(events.HeadersCategoryResponse), 1, ""},
	{"HCAT_PUSH_RESPONSE", int(events.HeadersCategoryPushResponse), 2, ""},
	{"HCAT_HEADERS", int(events.HeadersCategoryHeaders), 3, ""},
	{"NO_ERROR", int(events.NoError), 0, "NGHTTP2_NO_ERROR"},
	{"PROTOCOL_ERROR", int(events.ProtocolError), 1, "NGHTTP2_PROTOCOL_ERROR"},
	{"INTERNAL_ERROR", int(events.InternalError), 2, "NGHTTP2_INTERNAL_ERROR"},
	{"FLOW_CONTROL_ERROR", int(events.FlowControlError), 3, "NGHTTP2_FLOW_CONTROL_ERROR"},
	{"SETTINGS_TIMEOUT", int(events.SettingsTimeout), 4, "NGHTTP2_SETTINGS_TIMEOUT"},
	{"STREAM_CLOSED", int(events.StreamClosed), 5, "NGHTTP2_STREAM_CLOSED"},
	{"FRAME_SIZE_ERROR", int(events.FrameSizeError), 6, "NGHTTP2_FRAME_SIZE_ERROR"},
	{"REFUSED_STREAM", int(events.RefusedStream), 7, "NGHTTP2_REFUSED_STREAM"},
	{"CANCEL", int(events.Cancel), 8, "NGHTTP2_CANCEL"},
	{"COMPRESSION_ERROR", int(events.CompressionError), 9, "NGHTTP2_COMPRESSION_ERROR"},
	{"CONNECT_ERROR", int(events.ConnectError), 10, "NGHTTP2_CONNECT_ERROR"},
	{"ENHANCE_YOUR_CALM", int(events.EnhanceYourCalm), 11, "NGHTTP2_ENHANCE_YOUR_CALM"},
	{"INADEQUATE_SECURITY", int(events.InadequateSecurity), 12, "NGHTTP2_INADEQUATE_SECURITY"},
	{"HTTP_1_1_REQUIRED", int(events.HTTP11Required), 13, "NGHTTP2_HTTP_1_1_REQUIRED"},
	{"NV_FLAG_NONE", int(events.FieldFlagNone), 0, ""},
	{"NV_FLAG_NO_INDEX", int(events.FieldFlagNoIndex), 1, ""},
	{"ERR_DEFERRED", int(events.ErrnoDeferred), -508, ""},
	{"ERR_NOMEM", int(events.ErrnoNoMem), -901, ""},
	{"ERR_STREAM_ID_NOT_AVAILABLE", int(events.ErrnoStreamIDNotAvailable), -509, ""},
	{"ERR_INVALID_ARGUMENT", int(events.ErrnoInvalidArgument), -501, ""},
	{"ERR_STREAM_CLOSED", int(events.ErrnoStreamClosed), -510, ""},
	{"ERR_FRAME_SIZE_ERROR", int(events.ErrnoFrameSizeError), -522, ""},
	{"FLAG_NONE", int(events.FlagNone), 0, ""},
	{"FLAG_END_STREAM", int(events.FlagEndStream), 1, ""},
	{"FLAG_END_HEADERS", int(events.FlagEndHeaders), 4, ""},
	{"FLAG_ACK", int(events.FlagAck), 1, ""},
	{"FLAG_PADDED", int(events.FlagPadded), 8, ""},
	{"FLAG_PRIORITY", int(events.FlagPriority), 32, ""},
	{"DEFAULT_WEIGHT", int(events.DefaultWeight), 16, ""},
	{"SETTINGS_HEADER_TABLE_SIZE", int(events.SettingHeaderTableSize), 1, ""},
	{"SETTINGS_ENABLE_PUSH", int(events.SettingEnablePush), 2, ""},
	{"SETTINGS_MAX_CONCURRENT_STREAMS", int(events.SettingMaxConcurrentStreams), 3, ""},
	{"SETTINGS_INITIAL_WINDOW_SIZE", int(events.SettingInitialWindowSize), 4, ""},
	{"SETTINGS_MAX_FRAME_SIZE", int(events.SettingMaxFrameSize), 5, ""},
	{"SETTINGS_MAX_HEADER_LIST_SIZE", int(events.SettingMaxHeaderListSize), 6, ""},
	{"SETTINGS_ENABLE_CONNECT_PROTOCOL", int(events.SettingEnableConnectProtocol), 8, ""},
	{"PADDING_STRATEGY_NONE", int(events.PaddingStrategyNone), 0, "PADDING_STRATEGY_NONE"},
	{"PADDING_STRATEGY_ALIGNED", int(events.PaddingStrategyAligned), 1, "PADDING_STRATEGY_ALIGNED"},
	{"PADDING_STRATEGY_MAX", int(events.PaddingStrategyMax), 2, "PADDING_STRATEGY_MAX"},
	{"PADDING_STRATEGY_CALLBACK", int(events.PaddingStrategyCallback), 1, "PADDING_STRATEGY_CALLBACK"},
}

var statusConstants = []struct{ got, want int }{
	{events.StatusContinue, 100},
	{events.StatusSwitchingProtocols, 101},
	{events.StatusProcessing, 102},
	{events.StatusEarlyHints, 103},
	{events.StatusOK, 200},
	{events.StatusCreated, 201},
	{events.StatusAccepted, 202},
	{events.StatusNonAuthoritativeInformation, 203},
	{events.StatusNoContent, 204},
	{events.StatusResetContent, 205},
	{events.StatusPartialContent, 206},
	{events.StatusMultiStatus, 207},
	{events.StatusAlreadyReported, 208},
	{events.StatusIMUsed, 226},
	{events.StatusMultipleChoices, 300},
	{events.StatusMovedPermanently, 301},
	{events.StatusFound, 302},
	{events.StatusSeeOther, 303},
	{events.StatusNotModified, 304},
	{events.StatusUseProxy, 305},
	{events.StatusTemporaryRedirect, 307},
	{events.StatusPermanentRedirect, 308},
	{events.StatusBadRequest, 400},
	{events.StatusUnauthorized, 401},
	{events.StatusPaymentRequired, 402},
	{events.StatusForbidden, 403},
	{events.StatusNotFound, 404},
	{events.StatusMethodNotAllowed, 405},
	{events.StatusNotAcceptable, 406},
	{events.StatusProxyAuthenticationRequired, 407},
	{events.StatusRequestTimeout, 408},
	{events.StatusConflict, 409},
	{events.StatusGone, 410},
	{events.StatusLengthRequired, 411},
	{events.StatusPreconditionFailed, 412},
	{events.StatusPayloadTooLarge, 413},
	{events.StatusURITooLong, 414},
	{events.StatusUnsupportedMediaType, 415},
	{events.StatusRangeNotSatisfiable, 416},
	{events.StatusExpectationFailed, 417},
	{events.StatusTeapot, 418},
	{events.StatusMisdirectedRequest, 421},
	{events.StatusUnprocessableEntity, 422},
	{events.StatusLocked, 423},
	{events.StatusFailedDependency, 424},
	{events.StatusTooEarly, 425},
	{events.StatusUpgradeRequired, 426},
	{events.StatusPreconditionRequired, 428},
	{events.StatusTooManyRequests, 429},
	{events.StatusRequestHeaderFieldsTooLarge, 431},
	{events.StatusUnavailableForLegalReasons, 451},
	{events.StatusInternalServerError, 500},
	{events.StatusNotImplemented, 501},
	{events.StatusBadGateway, 502},
	{events.StatusServiceUnavailable, 503},
	{events.StatusGatewayTimeout, 504},
	{events.StatusHTTPVersionNotSupported, 505},
	{events.StatusVariantAlsoNegotiates, 506},
	{events.StatusInsufficientStorage, 507},
	{events.StatusLoopDetected, 508},
	{events.StatusBandwidthLimitExceeded, 509},
	{events.StatusNotExtended, 510},
	{events.StatusNetworkAuthenticationRequired, 511},
}

var headerConstants = []string{
	events.HeaderStatus, events.HeaderMethod, events.HeaderAuthority,
	events.HeaderScheme, events.HeaderPath, events.HeaderProtocol,
	events.HeaderDate, events.HeaderAcceptCharset, events.HeaderAcceptEncoding,
	events.HeaderAcceptLanguage, events.HeaderAcceptRanges, events.HeaderAccept,
	events.HeaderAccessControlAllowCredentials, events.HeaderAccessControlAllowHeaders, events.HeaderAccessControlAllowMethods,
	events.HeaderAccessControlAllowOrigin, events.HeaderAccessControlExposeHeaders, events.HeaderAccessControlMaxAge,
	events.HeaderAccessControlRequestHeaders, events.HeaderAccessControlRequestMethod, events.HeaderAge,
	events.HeaderAllow, events.HeaderAuthorization, events.HeaderCacheControl,
	events.HeaderContentDisposition, events.HeaderContentEncoding, events.HeaderContentLanguage,
	events.HeaderContentLength, events.HeaderContentLocation, events.HeaderContentRange,
	events.HeaderContentType, events.HeaderCookie, events.HeaderConnection,
	events.HeaderDNT, events.HeaderETag, events.HeaderExpect,
	events.HeaderExpires, events.HeaderForwarded, events.HeaderFrom,
	events.HeaderHost, events.HeaderIfMatch, events.HeaderIfModifiedSince,
	events.HeaderIfNoneMatch, events.HeaderIfRange, events.HeaderIfUnmodifiedSince,
	events.HeaderLastModified, events.HeaderLink, events.HeaderLocation,
	events.HeaderMaxForwards, events.HeaderPrefer, events.HeaderProxyAuthenticate,
	events.HeaderProxyAuthorization, events.HeaderProxyConnection, events.HeaderRange,
	events.HeaderReferer, events.HeaderRefresh, events.HeaderRetryAfter,
	events.HeaderServer, events.HeaderSetCookie, events.HeaderStrictTransportSecurity,
	events.HeaderTrailer, events.HeaderTransferEncoding, events.HeaderTK,
	events.HeaderUpgradeInsecureRequests, events.HeaderUserAgent, events.HeaderVary,
	events.HeaderVia, events.HeaderWarning, events.HeaderWWWAuthenticate,
	events.HeaderXContentTypeOptions, events.HeaderXFrameOptions, events.HeaderKeepAlive,
	events.HeaderContentMD5, events.HeaderTE, events.HeaderUpgrade,
	events.HeaderHTTP2Settings, events.HeaderXXSSProtection, events.HeaderAltSvc,
	events.HeaderContentSecurityPolicy, events.HeaderEarlyData, events.HeaderExpectCT,
	events.HeaderOrigin, events.HeaderPurpose, events.HeaderTimingAllowOrigin,
	events.HeaderXForwardedFor, events.HeaderPriority,
}

const headerNames = `
	:status :method :authority :scheme :path :protocol date accept-charset accept-encoding accept-language
	accept-ranges accept access-control-allow-credentials access-control-allow-headers
	access-control-allow-methods access-control-allow-origin access-control-expose-headers access-control-max-age
	access-control-request-headers access-control-request-method age allow authorization cache-control
	content-disposition content-encoding content-language content-length content-location content-range
	content-type cookie connection dnt etag expect expires forwarded from host if-match if-modified-since
	if-none-match if-range if-unmodified-since last-modified link location max-forwards prefer proxy-authenticate
	proxy-authorization proxy-connection range referer refresh retry-after server set-cookie
	strict-transport-security trailer transfer-encoding tk upgrade-insecure-requests user-agent vary via warning
	www-authenticate x-content-type-options x-frame-options keep-alive content-md5 te upgrade http2-settings
	x-xss-protection alt-svc content-security-policy early-data expect-ct origin purpose timing-allow-origin
	x-forwarded-for priority`
