package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"weft/adapters/verb"
)

const (
	cartCookie = "cart"
	mostMetres = 50 // of one cloth in a cart
)

// cart is how many metres of which cloth. It lives in a cookie, as
// "oatmeal:2.tweed:1": the shop remembers nobody, and prices are not part of it.
type cart map[string]int

// cartOf reads the cart of a request. Whatever the cookie has that no shop of ours
// has put there is left out.
func cartOf(req *verb.Request) cart {
	c := make(cart)
	value, _ := req.Cookie(cartCookie)
	for item := range strings.SplitSeq(value, ".") {
		id, metres, _ := strings.Cut(item, ":")
		n, err := strconv.Atoi(metres)
		if clothByID[id] != nil && err == nil && n >= 1 && n <= mostMetres {
			c[id] = n
		}
	}
	return c
}

// keep sets the cookie.
func (c cart) keep(res *verb.Response) {
	var items []string
	for _, cloth := range catalog {
		if n := c[cloth.ID]; n > 0 {
			items = append(items, fmt.Sprint(cloth.ID, ":", n))
		}
	}
	o := verb.CookieOptions{Secure: true, HTTPOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 7 * 24 * time.Hour}
	if len(items) == 0 {
		res.ClearCookie(cartCookie, o)
		return
	}
	res.Cookie(cartCookie, strings.Join(items, "."), o)
}

// metres is how many metres there are in all.
func (c cart) metres() (n int) {
	for _, metres := range c {
		n += metres
	}
	return n
}

// change puts metres of a cloth into the cart, or takes them out.
func (c cart) change(id string, metres int) error {
	switch {
	case clothByID[id] == nil:
		return &verb.Error{Status: http.StatusNotFound, Message: "There is no such cloth."}
	case metres < -mostMetres || metres > mostMetres || c[id]+metres > mostMetres:
		return &verb.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprint("A cart holds at most ", mostMetres, " metres of a cloth.")}
	}
	c[id] = max(0, c[id]+metres)
	return nil
}

// add serves the form that puts cloth into the cart.
func (s *shop) add(req *verb.Request, res *verb.Response) error {
	form, err := req.Form()
	if err != nil {
		return err // of a body that is too long it is one of status 413
	}
	metres, err := strconv.Atoi(form.Get("metres"))
	if err != nil {
		return &verb.Error{Status: http.StatusBadRequest, Message: "Metres are a whole number.", Cause: err}
	}
	if _, err := s.put(req, res, form.Get("id"), metres); err != nil {
		return err
	}
	return res.Redirect("/cart", http.StatusSeeOther)
}

// put changes the cart of a request and, if more is wanted, the market.
func (s *shop) put(req *verb.Request, res *verb.Response, id string, metres int) (cart, error) {
	c := cartOf(req)
	if err := c.change(id, metres); err != nil {
		return nil, err
	}
	if metres > 0 {
		s.market.wanted(id, metres)
	}
	c.keep(res)
	return c, nil
}

// order serves the form that ends a purchase.
func (s *shop) order(req *verb.Request, res *verb.Response) error {
	if cartOf(req).metres() == 0 {
		return res.Redirect("/cart", http.StatusSeeOther)
	}
	cart{}.keep(res)
	return res.Redirect("/thanks", http.StatusSeeOther)
}
