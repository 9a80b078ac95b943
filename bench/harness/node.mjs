// Node's http2 with the answers of bench/server:
//
//	node node.mjs {core|compat} PORT STREAMS WINDOW [KEY CERT]
//
// WINDOW is a stream's receive window in bytes, four of them the connection's; 0
// leaves both at Node's defaults.
import http2 from 'node:http2';
import fs from 'node:fs';

const [api, port, streams, window, key, cert] = process.argv.slice(2);
const text = (type, body, more) => ({ fields: { ':status': 200, 'content-type': type, 'content-length': body.length, ...more }, body });
const hello = Buffer.from('Hello, World!\n');
const zeros = (n) => text('application/octet-stream', Buffer.alloc(n));
const answers = {
  '/': text('text/plain', hello),
  '/json': text('application/json', Buffer.from(JSON.stringify({ text: 'a'.repeat(1013) }))),
  '/64k': zeros(64 << 10),
  '/1m': zeros(1 << 20),
  '/page': text('text/html; charset=utf-8', hello, {
    'cache-control': 'private, max-age=0',
    'vary': 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'referrer-policy': 'strict-origin-when-cross-origin', // and date makes ten
  }),
};
const large = { '/50m': 50, '/1g': 1024 }; // MiB
const mebibyte = Buffer.alloc(1 << 20);

// pour writes a large body as it drains.
function pour(out, mib) {
  const more = () => {
    while (mib > 0) {
      mib--;
      if (!out.write(mebibyte)) return;
    }
    out.end();
    out.off('drain', more);
  };
  out.on('drain', more);
  more();
}

const settings = { maxConcurrentStreams: Number(streams) };
if (Number(window) > 0) settings.initialWindowSize = Number(window);
const options = { settings };
const server = key
  ? http2.createSecureServer({ ...options, key: fs.readFileSync(key), cert: fs.readFileSync(cert) })
  : http2.createServer(options);
server.on('session', (session) => {
  session.on('error', () => {});
  if (Number(window) > 0) session.setLocalWindowSize(4 * Number(window));
});

if (api === 'core') {
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    if (headers[':method'] === 'POST') {
      let n = 0;
      stream.on('data', (p) => { n += p.length; });
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'text/plain' });
        stream.end(String(n));
      });
      return;
    }
    const path = headers[':path'].split('?')[0];
    const answer = answers[path];
    if (answer) {
      stream.respond(answer.fields);
      stream.end(answer.body);
    } else if (large[path]) {
      stream.respond({ ':status': 200, 'content-type': 'application/octet-stream', 'content-length': large[path] * mebibyte.length });
      pour(stream, large[path]);
    } else {
      stream.respond({ ':status': 404 }, { endStream: true });
    }
  });
} else {
  server.on('request', (req, res) => {
    if (req.method === 'POST') {
      let n = 0;
      req.on('data', (p) => { n += p.length; });
      req.on('end', () => {
        res.setHeader('content-type', 'text/plain');
        res.end(String(n));
      });
      return;
    }
    const path = req.url.split('?')[0];
    const answer = answers[path];
    if (answer) {
      for (const name in answer.fields) if (name[0] !== ':') res.setHeader(name, answer.fields[name]);
      res.end(answer.body);
    } else if (large[path]) {
      res.setHeader('content-type', 'application/octet-stream');
      res.setHeader('content-length', large[path] * mebibyte.length);
      pour(res, large[path]);
    } else {
      res.statusCode = 404;
      res.end();
    }
  });
}
server.listen(Number(port), '127.0.0.1');
