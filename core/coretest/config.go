package coretest

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"weft/core"
)

// config takes what is left of a "server" or "client" line: fields of
// core.Config by their names, and settings to announce by theirs.
func (l *line) config() core.Config {
	var cfg core.Config
	for len(l.rest) > 0 && l.err == nil {
		w := l.take("an option")
		if s, ok := parseSetting(w); ok {
			cfg.Settings = append(cfg.Settings, s)
			continue
		}
		name, value, _ := strings.Cut(w, "=")
		l.configField(&cfg, name, value)
	}
	return cfg
}

func (l *line) configField(cfg *core.Config, name, value string) {
	switch name {
	case "Padding":
		switch value {
		case "max":
			cfg.Padding = core.PadMax
		case "aligned":
			cfg.Padding = core.PadAligned
		default:
			n := l.number(value)
			cfg.Padding = func(int, int) int { return n }
		}
		return
	case "FrameTypes":
		for _, t := range strings.Split(value, ",") {
			cfg.FrameTypes = append(cfg.FrameTypes, uint8(l.number(t)))
		}
		return
	case "Transport":
		kinds := []string{"unknown", "cleartext", "encrypted", "any"}
		cfg.Transport = core.Transport(slices.Index(kinds, value))
		return
	case "Authoritative":
		hosts := strings.Split(value, ",")
		cfg.Authoritative = func(a string) bool { return slices.Contains(hosts, a) }
		return
	}
	f := reflect.ValueOf(cfg).Elem().FieldByName(name)
	if !f.IsValid() {
		l.fail("core.Config has no field %s", name)
		return
	}
	switch {
	case f.Type() == reflect.TypeFor[time.Duration]() && value == "Never":
		f.SetInt(int64(core.Never))
	case f.Type() == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(value)
		if err != nil {
			l.fail("%v", err)
		}
		f.SetInt(int64(d))
	case f.Kind() == reflect.Bool:
		f.SetBool(value == "" || value == "true")
	case f.Kind() == reflect.Int && value == "Unlimited":
		f.SetInt(core.Unlimited)
	case f.Kind() == reflect.Int && value == "NoTable":
		f.SetInt(core.NoTable)
	case f.Kind() == reflect.Int:
		f.SetInt(int64(l.number(value)))
	default:
		l.fail("%s cannot be set from a script", name)
	}
}

// show prints the fields of a struct that were asked for, or all of them.
func (l *line) show(v any) string {
	var out []string
	r := reflect.ValueOf(v)
	for i := range r.NumField() {
		name := r.Type().Field(i).Name
		if len(l.rest) > 0 && !slices.Contains(l.rest, name) {
			continue
		}
		out = append(out, name+"="+fmtValue(r.Field(i)))
	}
	if len(out) < len(l.rest) {
		l.fail("%v: no such field", l.rest)
	}
	l.rest = nil
	return strings.Join(out, " ")
}
