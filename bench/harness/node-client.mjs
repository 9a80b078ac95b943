// Node's http2 client, reporting as bench/client does:
//
//	node node-client.mjs ORIGIN PATH M UPLOAD SECONDS REQUESTS
//
// M requests under way on one connection, each for PATH, or POSTing UPLOAD bytes
// if that is not 0, for SECONDS, or REQUESTS in number if that is not 0.
import http2 from 'node:http2';

const [origin, path, m, upload, seconds, requests] = process.argv.slice(2).map((s, i) => (i < 2 ? s : Number(s)));
const session = http2.connect(origin, { rejectUnauthorized: false });
const zeros = Buffer.alloc(64 << 10);
const times = [];
let begun = 0, active = 0, failed = 0, bytes = 0, start, cpu;

function next() {
  const now = performance.now();
  if (requests ? begun >= requests : now - start >= seconds * 1000) {
    if (active === 0) finish();
    return;
  }
  begun++;
  active++;
  const req = session.request({ ':path': path, ':method': upload ? 'POST' : 'GET' }, { endStream: !upload });
  let ok = false;
  req.on('response', (headers) => { ok = headers[':status'] === 200; });
  req.on('data', (p) => { bytes += p.length; });
  req.on('error', () => { ok = false; });
  req.on('close', () => {
    if (!ok) failed++;
    times.push(performance.now() - now);
    active--;
    next();
  });
  if (upload) {
    let left = upload;
    const more = () => {
      while (left > 0) {
        const p = zeros.subarray(0, Math.min(left, zeros.length));
        left -= p.length;
        if (!req.write(p)) return;
      }
      req.off('drain', more);
      req.end();
    };
    req.on('drain', more);
    more();
  }
}

function finish() {
  const used = process.cpuUsage(cpu);
  const took = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  const at = (percent) => 1000 * times[Math.floor((times.length - 1) * percent / 100)];
  console.log(JSON.stringify({
    requests: times.length, failed, seconds: took, bytes,
    cpu_us: (used.user + used.system) / times.length, p50_us: at(50), p99_us: at(99),
  }));
  session.close();
}

session.on('remoteSettings', () => {
  if (start) return;
  start = performance.now();
  cpu = process.cpuUsage();
  for (let i = 0; i < m; i++) next();
});
