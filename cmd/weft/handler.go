package main

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"weft/cmd/weft/internal/site"
	"weft/events"
)

// handler answers requests with the files of a site.
type handler struct {
	site *site.Site // if it takes Uploads, they are answered with the hash of what was sent
}

func (h *handler) serve(st *events.ServerStream, headers events.Headers, flags events.Flags) {
	method := headers.Method()
	if h.site.Uploads && (method == "POST" || method == "PUT") {
		takeUpload(st, headers)
		return
	}
	resp := h.site.Answer(site.Request{
		Method: method,
		Path:   headers.Path(),
		Header: headers.Get,
		Now:    time.Now(),
	})
	fields := []events.Field{{Name: ":status", Value: strconv.Itoa(resp.Status)}}
	for _, f := range resp.Header {
		fields = append(fields, events.Field{Name: f.Name, Value: f.Value})
	}
	if err := st.Respond(events.HeadersOf(fields...)); err != nil {
		if resp.Body != nil {
			resp.Body.Close()
		}
		st.Destroy(err)
		return
	}
	if resp.Body != nil {
		st.SendFrom(resp.Body, resp.Size)
	} else {
		st.End(nil)
	}
	if flags&events.FlagEndStream == 0 {
		// A body we have no use for: take it, so that a client that sends all
		// of it before it reads gets its answer.
		st.Resume()
	}
}

// takeUpload answers with the length and the hash of the body.
func takeUpload(st *events.ServerStream, headers events.Headers) {
	if headers.Get("expect") == "100-continue" {
		st.AdditionalHeaders(events.Status(100))
	}
	sum, length := sha256.New(), int64(0)
	st.OnData(func(p []byte) {
		sum.Write(p)
		length += int64(len(p))
	})
	st.OnEnd(func() {
		if !st.Complete() {
			return // it was reset
		}
		text := fmt.Sprintf("length %d\nsha256 %x\n", length, sum.Sum(nil))
		st.Respond(events.Status(200,
			"content-type", "text/plain; charset=utf-8",
			"content-length", fmt.Sprint(len(text)),
			"cache-control", "no-store"))
		st.EndString(text)
	})
}
