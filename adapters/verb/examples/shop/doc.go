// Command shop is a small complete application on package verb, which sells
// cloth by the metre:
//
//	go run ./adapters/verb/examples/shop
//
// and then https://localhost:8444/, whose development certificate the browser
// asks about once. Prices follow demand and come by a WebSocket: open two windows,
// and add cloth to the cart in one.
//
// A file has one idea each, and can be read by itself: routes.go what there is;
// visit.go pushes, and early hints for browsers; assets.go files that are built
// in; pages.go templates and pages of errors; cart.go a cart in a cookie, and
// forms; api.go the same as JSON; live.go the WebSocket; market.go prices;
// status.go counters. It keeps nothing for a visitor but what is on the way.
package main
