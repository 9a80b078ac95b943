package core

import (
	"strconv"
	"strings"
)

// recvPreface compares the client's first bytes with the magic string, byte by
// byte as they arrive (RFC 9113 §3.4). What differs may be an HTTP/1 request,
// which is told so in its own language; everything else gets a GOAWAY.
func (c *Conn) recvPreface() {
	got := len(Preface) - int(c.preface) // bytes seen so far, kept in partial when they differ
	if len(c.partial) == 0 {
		n := min(int(c.preface), len(c.input))
		if string(c.input[:n]) == Preface[got:got+n] {
			c.preface -= int32(n)
			c.input = c.input[n:]
			return
		}
		c.partial = append(c.partial, Preface[:got]...)
	}
	// Decide one byte at a time, so that it does not matter how they came.
	for len(c.input) > 0 {
		c.partial = append(c.partial, c.input[0])
		c.input = c.input[1:]
		switch looksLikeHTTP1(c.partial) {
		case no:
			c.fail(FaultBadPreface)
			return
		case yes:
			c.failHTTP1()
			return
		}
	}
}

type answer uint8

const (
	perhaps answer = iota
	yes
	no
)

// looksLikeHTTP1 recognises the start of a request line: a method in capitals,
// a space and a slash. b never is a prefix of the magic string alone when its
// last byte was read, or it still may become one.
func looksLikeHTTP1(b []byte) answer {
	if strings.HasPrefix(Preface, string(b)) {
		return perhaps
	}
	for i, x := range b {
		switch {
		case x >= 'A' && x <= 'Z' && i < maxMethod:
		case x == ' ' && i > 0:
			if i+1 == len(b) {
				return perhaps
			}
			if b[i+1] == '/' {
				return yes
			}
			return no
		default:
			return no
		}
	}
	return perhaps
}

// maxMethod keeps the decision within the length of the magic string.
const maxMethod = len(Preface) - 2

const http1Body = "This port speaks HTTP/2 only.\n"

// failHTTP1 ends the connection with a short HTTP/1.1 answer. If our SETTINGS
// were not taken yet, they are dropped: the client would choke on them.
func (c *Conn) failHTTP1() {
	c.failWith(FaultHTTP1, "")
	if c.handed == 0 && !c.taken {
		c.out = c.out[:0]
	}
	c.out = append(c.out, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(http1Body)), 10)
	c.out = append(c.out, "\r\n\r\n"+http1Body...)
}
