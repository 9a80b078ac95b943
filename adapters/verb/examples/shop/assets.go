package main

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"weft/adapters/verb"
)

//go:embed assets
var assets embed.FS

const forEver = 365 * 24 * time.Hour

// asset returns the URL of an asset. It has a part that changes with the content,
// so that what is there may be kept for ever.
func asset(name string) string { return "/assets/" + name + "?v=" + versions[name] }

var versions = func() map[string]string {
	m := make(map[string]string)
	files, err := assets.ReadDir("assets")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		sum := sha256.Sum256(content(f.Name()))
		m[f.Name()] = hex.EncodeToString(sum[:4])
	}
	return m
}()

func content(name string) []byte {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is built in
	}
	return b
}

// sendAsset sends a file, or a part of it, or says that the client has it.
func sendAsset(req *verb.Request, res *verb.Response) error {
	return res.SendFile(req.Param("name"), verb.FileOptions{FS: assets, Root: "assets", MaxAge: forEver})
}

// sendSwatch draws a cloth.
func sendSwatch(req *verb.Request, res *verb.Response) error {
	c := clothByID[strings.TrimSuffix(req.Param("file"), ".svg")]
	if c == nil {
		return &verb.Error{Status: http.StatusNotFound}
	}
	return res.Header("content-type", "image/svg+xml").Header("cache-control", "max-age=86400").Send(swatch(c))
}
