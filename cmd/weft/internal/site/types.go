package site

import (
	"io"
	"net/http"
)

// contentTypes are the types of files by extension in lower case. The table is
// our own so that a site looks the same on every machine. Extensions with two
// meanings are missing (.ts is TypeScript or video): the bytes decide.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ics":         "text/calendar; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".log":         "text/plain; charset=utf-8",
	".md":          "text/markdown; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".vtt":         "text/vtt; charset=utf-8",
	".xhtml":       "application/xhtml+xml",
	".xml":         "application/xml",
	".json":        "application/json",
	".jsonld":      "application/ld+json",
	".map":         "application/json",
	".webmanifest": "application/manifest+json",
	".yaml":        "application/yaml",
	".yml":         "application/yaml",
	".atom":        "application/atom+xml",
	".rss":         "application/rss+xml",
	".wasm":        "application/wasm",
	".pdf":         "application/pdf",
	".epub":        "application/epub+zip",

	".avif": "image/avif",
	".bmp":  "image/bmp",
	".gif":  "image/gif",
	".ico":  "image/x-icon",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".jxl":  "image/jxl",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	".tif":  "image/tiff",
	".tiff": "image/tiff",
	".webp": "image/webp",

	".otf":   "font/otf",
	".ttf":   "font/ttf",
	".woff":  "font/woff",
	".woff2": "font/woff2",

	".aac":  "audio/aac",
	".flac": "audio/flac",
	".m4a":  "audio/mp4",
	".mp3":  "audio/mpeg",
	".oga":  "audio/ogg",
	".ogg":  "audio/ogg",
	".opus": "audio/ogg",
	".wav":  "audio/wav",
	".weba": "audio/webm",

	".avi":  "video/x-msvideo",
	".m3u8": "application/vnd.apple.mpegurl",
	".m4v":  "video/mp4",
	".mkv":  "video/matroska",
	".mov":  "video/quicktime",
	".mp4":  "video/mp4",
	".mpd":  "application/dash+xml",
	".ogv":  "video/ogg",
	".webm": "video/webm",

	".7z":  "application/x-7z-compressed",
	".br":  "application/octet-stream",
	".bz2": "application/x-bzip2",
	".gz":  "application/gzip",
	".tar": "application/x-tar",
	".tgz": "application/gzip",
	".xz":  "application/x-xz",
	".zip": "application/zip",
	".zst": "application/zstd",
	".bin": "application/octet-stream",
	".iso": "application/octet-stream",
}

// sniff tells a type from the first bytes, as browsers would.
func sniff(r io.ReaderAt) string {
	var head [512]byte
	n, err := r.ReadAt(head[:], 0)
	if n == 0 && err != io.EOF {
		return "application/octet-stream"
	}
	return http.DetectContentType(head[:n])
}
