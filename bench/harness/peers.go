package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// The peers, each with one worker, no access log and connections that live as
// long as the client likes. Those that serve files serve the same 14 bytes from
// one; what else they put into a response, they always do.

var nghttpd = &contender{
	name:    "nghttpd",
	program: "nghttpd",
	argv: func(k *kit, o serveOptions) ([]string, error) {
		argv := []string{"nghttpd", "-a", "127.0.0.1", "-n", "1", "-m", strconv.Itoa(o.streams), "-d", k.root}
		if o.wide {
			argv = append(argv, "-w", strconv.Itoa(wideStream), "-W", strconv.Itoa(wideConn))
		}
		if !o.secure {
			return append(argv, "--no-tls", o.port()), nil
		}
		return append(argv, o.port(), k.key, k.cert), nil
	},
	lacks: map[ability]string{tenFields: "takes no fields for its responses", tables: "is measured with its own"},
}

// config writes a configuration file and returns its name.
func (k *kit) config(name, text string) (string, error) {
	name = filepath.Join(k.dir, name)
	return name, os.WriteFile(name, []byte(text), 0o644)
}

var h2o = &contender{
	name:    "h2o",
	program: "h2o",
	argv: func(k *kit, o serveOptions) ([]string, error) {
		ssl := ""
		if o.secure {
			ssl = fmt.Sprintf("\n  ssl:\n    certificate-file: %s\n    key-file: %s\n    ocsp-update-interval: 0", k.cert, k.key)
		}
		upload := ""
		if o.uploads { // a handler in Ruby, which costs others, too
			upload = `      "/upload":
        mruby.handler: |
          Proc.new do |env|
            n = env["rack.input"] ? env["rack.input"].read.length : 0
            [200, {"content-type" => "text/plain"}, [n.to_s]]
          end
`
		}
		name, err := k.config("h2o.conf", fmt.Sprintf(`num-threads: 1
max-connections: %d
http2-max-concurrent-requests-per-connection: %d
http2-idle-timeout: 3600
limit-request-body: 4294967296
file.etag: OFF
file.mime.setdefaulttype: text/plain
error-log: %s
listen:
  host: 127.0.0.1
  port: %s%s
hosts:
  default:
    paths:
      "/page":
        file.file: %s
        header.set: "cache-control: private, max-age=0"
        header.set: "vary: accept-encoding"
        header.set: "referrer-policy: strict-origin-when-cross-origin"
%s      "/":
        file.dir: %s
`, max(o.conns+100, 1024), o.streams, filepath.Join(k.dir, "h2o.log"), o.port(), ssl, k.file("page"), upload, k.root))
		return []string{"h2o", "-c", name}, err
	},
	lacks: map[ability]string{tables: "is measured with its own", manyStreams: "announces 100 streams, whatever it is told"},
}

// nginx closes idle connections when its table is nearly full, so that is twice
// as large as need be.
var nginx = &contender{
	name:    "nginx",
	program: "nginx",
	once:    true,
	argv: func(k *kit, o serveOptions) ([]string, error) {
		listen, ssl := o.addr+" http2", ""
		if o.secure {
			listen += " ssl"
			ssl = fmt.Sprintf("ssl_certificate %s;\n    ssl_certificate_key %s;", k.cert, k.key)
		}
		name, err := k.config("nginx.conf", fmt.Sprintf(`daemon off;
master_process off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log crit;
events { worker_connections %[2]d; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  http2_max_concurrent_streams %[3]d;
  client_max_body_size 0;
  client_body_temp_path %[1]s/nginx-body;
  proxy_temp_path %[1]s/nginx-proxy;
  fastcgi_temp_path %[1]s/nginx-fastcgi;
  uwsgi_temp_path %[1]s/nginx-uwsgi;
  scgi_temp_path %[1]s/nginx-scgi;
  sendfile on;
  default_type text/plain;
  server {
    listen %[4]s;
    %[5]s
    root %[6]s;
    location = / { return 200 "Hello, World!\n"; }
    location = /page {
      add_header cache-control "private, max-age=0";
      add_header vary accept-encoding;
      add_header x-content-type-options nosniff;
      add_header x-frame-options SAMEORIGIN;
      add_header referrer-policy strict-origin-when-cross-origin;
      return 200 "Hello, World!\n";
    }
  }
}
`, k.dir, max(2*o.conns, 1024), o.streams, listen, ssl, k.root))
		return []string{"nginx", "-c", name, "-e", filepath.Join(k.dir, "nginx.log")}, err
	},
	lacks: map[ability]string{uploads: "answers before a body has come", tables: "is measured with its own"},
}

func node(api string) *contender {
	c := &contender{
		name:    "node-" + api,
		program: "node",
		once:    true,
		argv: func(k *kit, o serveOptions) ([]string, error) {
			window := 0
			if o.wide {
				window = 1 << wideStream
			}
			argv := []string{"node", filepath.Join(k.dir, "node.mjs"), api, o.port(), strconv.Itoa(o.streams), strconv.Itoa(window)}
			if o.secure {
				argv = append(argv, k.key, k.cert)
			}
			return argv, nil
		},
		lacks: map[ability]string{tables: "is measured with its own"},
	}
	if api == "core" {
		c.load = nodeLoad
	}
	return c
}
