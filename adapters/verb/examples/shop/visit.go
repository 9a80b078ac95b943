package main

import (
	"fmt"
	"net/http"
	"time"

	"weft/adapters/verb"
)

const visitedCookie = "visited"

// critical are the assets without which no page looks like anything.
var critical = []struct{ name, contentType, as string }{
	{"style.css", "text/css; charset=utf-8", "style"},
	{"app.js", "text/javascript; charset=utf-8", "script"},
}

func newPushCache() *verb.ServerPushCache {
	cache := verb.NewServerPushCache()
	for _, a := range critical {
		cache.ProvideBytes(asset(a.name), a.contentType, content(a.name))
	}
	// The first page is told what it needs; of the others the cache learns it, from
	// clients that ask for it.
	cache.Tell("/", asset("style.css"), asset("app.js"))
	return cache
}

// prepare sends ahead what a first visit is about to need: by pushes to clients
// that take them, by early hints to browsers. It returns what it did, for the
// foot of the page. Clients that were here before have it all.
func (s *shop) prepare(req *verb.Request, res *verb.Response) string {
	// By HTTP/1.1 there are clients that take an informational response for
	// the response.
	if _, visited := req.Cookie(visitedCookie); visited || req.HTTPVersion() != "2.0" {
		return ""
	}
	res.Cookie(visitedCookie, "yes", verb.CookieOptions{MaxAge: 30 * 24 * time.Hour, Secure: true, HTTPOnly: true, SameSite: http.SameSiteLaxMode})
	if res.CanPush() {
		list := s.pushes.GetResourcesForPage(req.Path(), req.Get("user-agent"))
		return fmt.Sprint(len(res.PushResources(list, verb.AcceptsPush, verb.NotCached)), " pushes")
	}
	var links []string
	for _, a := range critical {
		links = append(links, fmt.Sprintf("<%s>; rel=preload; as=%s", asset(a.name), a.as))
	}
	if res.EarlyHints(links...) != nil {
		return "" // what comes next fails, too
	}
	return fmt.Sprint(len(links), " early hints")
}
