package peers

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"weft/core"
)

// A script is a server that none of the peers can be made to be: it says
// exactly these frames once the request is there.
type script struct {
	name string
	play func(p *player)
	code int
	// named is what standard error has to match.
	named string
	mute  bool // has no preface
}

var scripts = []script{
	{name: "whole", play: func(p *player) { p.head("content-length", "4"); p.data("full", true) }, code: 0, named: `^$`},
	{name: "whole, then a reset without error", play: func(p *player) {
		p.head()
		p.data("full", true)
		p.reset(core.NoError)
	}, code: 0, named: `^$`},
	// Node 20 does it with small files; their length says that they are whole.
	{name: "whole, with a reset without error for its end", play: func(p *player) {
		p.head("content-length", "4")
		p.data("full", false)
		p.reset(core.NoError)
	}, code: 0, named: `^$`},
	{name: "whole, then GOAWAY and the end", play: func(p *player) {
		p.head()
		p.data("full", true)
		p.goaway(1, core.NoError)
		p.close()
	}, code: 0, named: `^$`},
	{name: "empty, by trailers", play: func(p *player) { p.head(); p.fields(true, "x-sum", "none") }, code: 0, named: `^$`},

	{name: "reset without error, who knows where", play: func(p *player) {
		p.head()
		p.data("ha", false)
		p.reset(core.NoError)
	}, code: 1, named: `.`},
	{name: "reset without error in the middle", play: func(p *player) {
		p.head("content-length", "4")
		p.data("ha", false)
		p.reset(core.NoError)
	}, code: 1, named: `.`},
	{name: "reset with an error at the end", play: func(p *player) {
		p.head("content-length", "4")
		p.data("full", false)
		p.reset(core.InternalError)
	}, code: 1, named: `INTERNAL_ERROR`},
	{name: "reset without error before the response", play: func(p *player) { p.reset(core.NoError) }, code: 1, named: `.`},
	{name: "refused", play: func(p *player) { p.reset(core.RefusedStream) }, code: 1, named: `.`},
	{name: "cancelled", play: func(p *player) { p.head(); p.reset(core.Cancel) }, code: 1, named: `.`},
	{name: "interim response only", play: func(p *player) { p.answer("103", false); p.close() }, code: 1, named: `.`},
	{name: "closed without a word", play: func(p *player) { p.close() }, code: 1, named: `.`},
	{name: "closed after the headers", play: func(p *player) { p.head(); p.close() }, code: 1, named: `.`},
	{name: "closed in the middle", play: func(p *player) { p.head(); p.data("ha", false); p.close() }, code: 1, named: `.`},
	{name: "closed in the middle of a frame", play: func(p *player) {
		p.head()
		p.conn.Write([]byte{0, 0, 4, 0, 1, 0, 0, 0, 1, 'h', 'a'})
		p.close()
	}, code: 1, named: `.`},
	{name: "closed in the middle without close_notify", play: func(p *player) { p.head(); p.data("ha", false); p.tcp.Close() }, code: 1, named: `.`},
	{name: "GOAWAY without error in the middle", play: func(p *player) {
		p.head()
		p.data("ha", false)
		p.goaway(1, core.NoError)
		p.close()
	}, code: 1, named: `.`},
	{name: "GOAWAY that leaves the request out", play: func(p *player) { p.goaway(0, core.NoError) }, code: 1, named: `.`},
	{name: "less than announced", play: func(p *player) { p.head("content-length", "9"); p.data("full", true) }, code: 1, named: `content-length`},
	{name: "more than announced", play: func(p *player) { p.head("content-length", "2"); p.data("full", true) }, code: 1, named: `content-length`},
	{name: "nothing of what was announced", play: func(p *player) { p.answer("200", true, "content-length", "4") }, code: 1, named: `content-length`},
	{name: "no status", play: func(p *player) { p.fields(true, "x-no", "status") }, code: 1, named: `.`},
	{name: "a server of HTTP/1.1", play: func(p *player) {
		io.WriteString(p.conn, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
		p.close()
	}, code: 1, named: `.`, mute: true},
}

func TestGetTruncated(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, w wire) {
		for _, s := range scripts {
			t.Run(s.name, func(t *testing.T) {
				r := run(t, get(t, w, play(t, w, s)))
				if r.code != s.code || !regexp.MustCompile(s.named).MatchString(r.stderr) {
					t.Errorf("want exit %d and %q on stderr\n%s", s.code, s.named, r)
				}
				if r.code == 1 && !oneLine(r.stderr) {
					t.Errorf("want one line on stderr\n%s", r)
				}
				if r.code == 0 && !strings.HasPrefix(s.name, "empty") && string(r.stdout) != "full" {
					t.Errorf("want the whole body\n%s", r)
				}
			})
		}
	})
}

// A player is the connection that a script is played on.
type player struct {
	tcp  *net.TCPConn
	conn net.Conn // tcp, or TLS on it
	buf  bytes.Buffer
	enc  *hpack.Encoder
}

// play returns a URL of a server that plays s for each request.
func play(t testing.TB, w wire, s script) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var config *tls.Config
	if w.secure {
		config = thePKI(t).config(t)
		config.NextProtos = []string{"h2"}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveScript(conn, config, s)
		}
	}()
	return w.scheme + "://" + l.Addr().String() + "/"
}

const clientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

func serveScript(tcp net.Conn, config *tls.Config, s script) {
	defer tcp.Close()
	tcp.SetDeadline(time.Now().Add(patience))
	p := &player{tcp: tcp.(*net.TCPConn), conn: tcp}
	if config != nil {
		p.conn = tls.Server(tcp, config)
	}
	p.enc = hpack.NewEncoder(&p.buf)
	if _, err := io.ReadFull(p.conn, make([]byte, len(clientPreface))); err != nil {
		return
	}
	if !s.mute {
		p.frame(frameSettings, 0, 0)
		p.frame(frameSettings, flagAck, 0)
	}
	for {
		kind, err := p.read()
		if err != nil {
			return
		}
		if kind == frameHeaders { // of a GET: there is nothing after it
			s.play(p)
			break
		}
	}
	// Until the client closes: to close with bytes of it unread would be a
	// reset, which takes back what was sent.
	io.Copy(io.Discard, p.conn)
}

const (
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	frameGoaway   = 7

	flagAck       = 1
	flagEndStream = 1
	flagEndHeader = 4
)

// read returns the type of the next frame.
func (p *player) read() (kind byte, err error) {
	var header [9]byte
	if _, err := io.ReadFull(p.conn, header[:]); err != nil {
		return 0, err
	}
	length := int64(header[0])<<16 | int64(header[1])<<8 | int64(header[2])
	_, err = io.CopyN(io.Discard, p.conn, length)
	return header[3], err
}

func (p *player) frame(kind, flags, stream byte, payload ...byte) {
	n := len(payload)
	p.conn.Write(append([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, stream}, payload...))
}

func (p *player) head(more ...string) { p.answer("200", false, more...) }

func (p *player) answer(status string, end bool, more ...string) {
	p.fields(end, append([]string{":status", status}, more...)...)
}

func (p *player) fields(end bool, namesAndValues ...string) {
	p.buf.Reset()
	for i := 0; i < len(namesAndValues); i += 2 {
		p.enc.WriteField(hpack.HeaderField{Name: namesAndValues[i], Value: namesAndValues[i+1]})
	}
	p.frame(frameHeaders, flagEndHeader|ending(end), 1, p.buf.Bytes()...)
}

func (p *player) data(s string, end bool) { p.frame(frameData, ending(end), 1, []byte(s)...) }

func ending(end bool) byte {
	if end {
		return flagEndStream
	}
	return 0
}

func (p *player) reset(code core.ErrCode) { p.frame(frameReset, 0, 1, 0, 0, 0, byte(code)) }

func (p *player) goaway(last byte, code core.ErrCode) {
	p.frame(frameGoaway, 0, 0, 0, 0, 0, last, 0, 0, 0, byte(code))
}

// close says that nothing more comes, properly.
func (p *player) close() {
	if c, ok := p.conn.(*tls.Conn); ok {
		c.CloseWrite()
	}
	p.tcp.CloseWrite()
}
