// Package site answers GET and HEAD requests for the files of one directory,
// or for a small built-in page. It knows nothing of connections: a [Request]
// is a method, a path and some header fields, a [Response] is a status, header
// fields and something to read the body from.
//
// What it keeps to:
//
//   - No path leaves the directory. Files are opened through an [os.Root], so
//     dot-dot in any spelling and symbolic links that point out find nothing;
//     links within the directory are followed. (An absolute link counts as
//     pointing out, wherever it leads.)
//   - Only regular files are served, and directories only by their index.html.
//     There are no listings. Files whose names begin with a dot are files like
//     others.
//   - A body is a section of an open file, read as the caller asks for it; a
//     file is never held in memory.
//   - Conditional requests and ranges follow RFC 9110 §13 and §14. A request
//     for several ranges gets the whole file, as RFC 9110 §14.2 permits.
//   - Responses say cache-control: no-cache, so that a cache keeps them but
//     asks each time; the entity-tag makes the answer short.
package site
