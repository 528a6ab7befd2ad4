/**
 * Clients that ask again as soon as they have an answer. They run as a separate process, so that their CPU time can be
 * told apart from that of the server. They write requests that were built beforehand, over plain sockets, because on a
 * small machine an expensive client would take the CPU time that is measured.
 *
 *   node bench/online/clients.js '{"url", "files", "type", "clients", "seconds", "warmUpSeconds"}'
 *
 * Prints one line of JSON: `asked` (for each request its `ms`, and the `laneMs` of its lanes if the server reports
 * them), `seconds`, and `cpu` (seconds of this process).
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_CHUNKS = Buffer.from('0\r\n\r\n');

const { url, files, type, clients, seconds, warmUpSeconds = 1 } = JSON.parse(process.argv[2]);
const { hostname, port, pathname, search } = new URL(url);
const requests = files.map((file) => requestOf(readFileSync(file)));
let next = 0;

function requestOf(body) {
  const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const asked = [];
let from = Infinity;
let until = Infinity;

await Promise.all([...Array(clients)].map(runClient).concat(measure()));

async function measure() {
  await new Promise((resolve) => setTimeout(resolve, warmUpSeconds * 1000));
  const cpu = process.cpuUsage();
  from = performance.now();
  until = from + seconds * 1000;
  process.stderr.write('begin\n');
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { user, system } = process.cpuUsage(cpu);
  process.stderr.write('end\n');
  const result = { asked, seconds, cpu: (user + system) / 1e6 };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Resolves when the time is over and its last request is answered. */
async function runClient() {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let began = 0;
    let received = null;
    socket.once('error', reject);
    socket.once('connect', ask);
    socket.on('data', (chunk) => {
      received = received === null ? chunk : Buffer.concat([received, chunk]);
      const end = received.indexOf(END_OF_HEAD);
      if (end === -1) return;
      const head = received.toString('latin1', 0, end).toLowerCase();
      if (!isWhole(received, end, head)) return;
      const ended = performance.now();
      if (!head.startsWith('http/1.1 200')) return reject(new Error(received.toString('utf8', 0, 500)));
      if (ended >= from && ended < until) {
        const lane = /\bdur=([\d.]+)/.exec(head);
        asked.push({ ms: ended - began, laneMs: lane === null ? null : Number(lane[1]) });
      }
      received = null;
      if (ended >= until) {
        socket.end();
        return resolve();
      }
      ask();
    });

    function ask() {
      began = performance.now();
      socket.write(requests[next++ % requests.length]);
    }
  });
}

function isWhole(received, end, head) {
  const length = /content-length: (\d+)/.exec(head);
  if (length !== null) return received.length >= end + 4 + Number(length[1]);
  return received.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS);
}
