package events

import (
	"iter"
	"slices"
	"strconv"

	"unsafe"
	"weft/core"
)

// Field is one header field: a lower-case name, a value, and whether it must
// never enter a compression table.
type Field = core.Field

// Flags are those of the HEADERS frame that carried a header block.
type Flags uint8

func flagsOf(end bool) Flags {
	if end {
		return FlagEndHeaders | FlagEndStream
	}
	return FlagEndHeaders
}

// Headers is a list of header fields, pseudo-fields included, that keeps
// their order and duplicates: what Node calls raw headers. Get reads it by
// Node's rules for duplicates. The zero Headers is empty and ready for use.
//
// A Headers is small and is passed by value. It may be kept for ever, and used
// by several goroutines: methods that change one leave its copies alone.
type Headers struct{ list []Field } // never written to after it was made

// pack and unpack make a Headers what a stream keeps of one, and back. Its
// capacity is its length: that is 12 bytes less of every request, twice.
func pack(h Headers) (first *Field, n uint32) { return unsafe.SliceData(h.list), uint32(len(h.list)) }

func unpack(first *Field, n uint32) Headers { return Headers{unsafe.Slice(first, n)} }

// H returns headers made of names and values in turn. Names may be written in
// any case, and are sent in lower case; a last name without a value has an empty
// one. A field whose name is empty is left out when the headers are sent.
//
//	events.H(":status", "200", "content-type", "text/plain")
func H(namesAndValues ...string) Headers {
	list := make([]Field, 0, (len(namesAndValues)+1)/2)
	for i := 0; i < len(namesAndValues); i += 2 {
		f := Field{Name: lower(namesAndValues[i])}
		if i+1 < len(namesAndValues) {
			f.Value = namesAndValues[i+1]
		}
		list = append(list, f)
	}
	return Headers{list}
}

// Status returns headers that begin with :status.
func Status(code int, namesAndValues ...string) Headers {
	h := H(namesAndValues...)
	return Headers{append([]Field{{Name: ":status", Value: strconv.Itoa(code)}}, h.list...)}
}

// HeadersOf returns headers with a copy of the given fields.
func HeadersOf(fields ...Field) Headers {
	list := make([]Field, len(fields))
	for i, f := range fields {
		f.Name = lower(f.Name)
		list[i] = f
	}
	return Headers{list}
}

// Len returns the number of fields.
func (h Headers) Len() int { return len(h.list) }

// Is reports whether both are the very same list, which takes next to no time: see
// Request.RepeatsHeaders. Others may still have the same fields.
func (h Headers) Is(other Headers) bool {
	return len(h.list) == len(other.list) && unsafe.SliceData(h.list) == unsafe.SliceData(other.list)
}

// At returns the field at index i, which is 0 or more and less than Len; others
// panic, as in a slice.
func (h Headers) At(i int) Field { return h.list[i] }

// All iterates over names and values in their order, pseudo-fields first in
// what was received.
func (h Headers) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := range h.list {
			if !yield(h.list[i].Name, h.list[i].Value) {
				return
			}
		}
	}
}

// Fields returns a copy of the list.
func (h Headers) Fields() []Field { return append([]Field(nil), h.list...) }

// Has reports whether there is a field of that name.
func (h Headers) Has(name string) bool { return h.find(lower(name)) >= 0 }

// Get returns the value of a field, "" if it is absent. Of a field that may
// occur only once and occurs again, the first counts; cookies are joined by
// "; " and all others by ", ". For set-cookie use Values.
func (h Headers) Get(name string) string {
	name = lower(name)
	i := h.find(name)
	if i < 0 {
		return ""
	}
	value := h.list[i].Value
	if isSingle(name) {
		return value
	}
	sep := ", "
	if name == "cookie" {
		sep = "; "
	}
	for _, f := range h.list[i+1:] {
		if f.Name == name {
			value += sep + f.Value
		}
	}
	return value
}

// Values returns the values of all fields of that name, in order.
func (h Headers) Values(name string) []string {
	name = lower(name)
	var values []string
	for i := range h.list {
		if h.list[i].Name == name {
			values = append(values, h.list[i].Value)
		}
	}
	return values
}

// Status returns :status as a number, 0 if there is none.
func (h Headers) Status() int {
	i := h.find(":status")
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(h.list[i].Value)
	if err != nil {
		return 0
	}
	return n
}

// Method returns :method, "" if there is none.
func (h Headers) Method() string { return h.first(":method") }

// Scheme returns :scheme, "" if there is none.
func (h Headers) Scheme() string { return h.first(":scheme") }

// Authority returns :authority, "" if there is none.
func (h Headers) Authority() string { return h.first(":authority") }

// Path returns :path, "" if there is none.
func (h Headers) Path() string { return h.first(":path") }

// first returns the value of the first field with the lower-case name.
func (h Headers) first(name string) string {
	for i := range h.list {
		if f := &h.list[i]; f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Add appends a field for each value.
func (h *Headers) Add(name string, values ...string) {
	name = lower(name)
	for _, v := range values {
		h.add(Field{Name: name, Value: v})
	}
}

func (h *Headers) add(f Field) { h.list = append(h.list[:len(h.list):len(h.list)], f) }

// AddSensitive appends a field that no compression table will hold, neither
// ours nor that of an intermediary.
func (h *Headers) AddSensitive(name, value string) {
	h.add(Field{Name: lower(name), Value: value, Sensitive: true})
}

// MarkSensitive marks all fields of these names that are there: no compression
// table will hold them, neither ours nor that of an intermediary. It is for
// what is secret and can be guessed bit by bit; other fields are better left to
// compression. Of authorization, proxy-authorization, and of values of
// cookie and set-cookie under 20 bytes, it goes without saying; see SessionOptions.IndexCredentials.
func (h *Headers) MarkSensitive(names ...string) {
	list := h.Fields()
	for _, name := range names {
		name = lower(name)
		for i := range list {
			if list[i].Name == name {
				list[i].Sensitive = true
			}
		}
	}
	h.list = list
}

// Sensitive returns the names of the fields that are marked, each once and in
// order. Of what was received they are those the peer sent so.
func (h Headers) Sensitive() []string {
	var names []string
	for i := range h.list {
		if f := &h.list[i]; f.Sensitive && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Set replaces all fields of that name by one, at the place of the first.
func (h *Headers) Set(name, value string) {
	name = lower(name)
	i := h.find(name)
	if i < 0 {
		h.Add(name, value)
		return
	}
	sensitive := h.list[i].Sensitive
	list := make([]Field, 0, len(h.list))
	for j, f := range h.list {
		switch {
		case j == i:
			list = append(list, Field{Name: name, Value: value, Sensitive: sensitive})
		case f.Name != name:
			list = append(list, f)
		}
	}
	h.list = list
}

// Del removes all fields of that name.
func (h *Headers) Del(name string) {
	name = lower(name)
	if h.find(name) < 0 {
		return
	}
	list := make([]Field, 0, len(h.list))
	for _, f := range h.list {
		if f.Name != name {
			list = append(list, f)
		}
	}
	h.list = list
}

// find returns the index of the first field with the lower-case name, or -1.
func (h Headers) find(name string) int {
	for i := range h.list {
		if h.list[i].Name == name {
			return i
		}
	}
	return -1
}

// lower returns a name in lower case. Only ASCII has case here: to fold more
// would make tokens of what is none.
func lower(name string) string {
	for i := range len(name) {
		if isUpper(name[i]) {
			b := []byte(name)
			for ; i < len(b); i++ {
				if isUpper(b[i]) {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return name
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
