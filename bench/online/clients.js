/**
 * Clients that ask again as soon as they have an answer, or requests at random times (a Poisson process). They run as a
 * separate process, so that their CPU time can be told apart from that of the server. They write requests that were
 * built beforehand, over plain sockets, because on a small machine an expensive client would take the CPU time that is
 * measured.
 *
 *   node bench/online/clients.js '{"url", "files", "type", "clients" | "rate", "seconds", "warmUpSeconds",
 *     "warmUpAnswers"}'
 *
 * The measurement begins after `warmUpSeconds` and `warmUpAnswers`, whichever takes longer.
 * `rate`: requests per second. A latency then counts from the time at which the request should have been sent. Prints
 * one line of JSON: `asked` (for each request its `ms`, and the `laneMs` of its lanes if the server reports them),
 * `seconds`, and `cpu` (seconds of this process).
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_CHUNKS = Buffer.from('0\r\n\r\n');

const {
  url,
  files,
  type,
  clients,
  rate,
  seconds,
  warmUpSeconds = 1,
  warmUpAnswers = 0,
} = JSON.parse(process.argv[2]);
const { hostname, port, pathname, search } = new URL(url);
const requests = files.map((file) => requestOf(readFileSync(file)));
let next = 0;

function requestOf(body) {
  const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const asked = [];
let answers = 0;
let onWarm = () => {};
let from = Infinity;
let until = Infinity;

await Promise.all([measure(), ...(rate === undefined ? [...Array(clients)].map(runClient) : [runAtRate()])]);

async function measure() {
  const isWarm = new Promise((resolve) => (onWarm = resolve));
  await new Promise((resolve) => setTimeout(resolve, warmUpSeconds * 1000));
  if (answers < warmUpAnswers) await isWarm;
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
  const connection = await connected();
  while (performance.now() < until) await ask(connection, performance.now());
  connection.socket.end();
}

/** Resolves when the time is over and all requests are answered. Requests that overlap have connections of their own. */
async function runAtRate() {
  const idle = [];
  const asking = [];
  const askAt = async (due) => {
    let connection = idle.pop();
    // A server closes connections that have been idle for a while.
    while (connection?.socket.destroyed) connection = idle.pop();
    connection ??= await connected();
    await ask(connection, due);
    idle.push(connection);
  };
  for (let due = performance.now(); due < until; due += (-Math.log(1 - Math.random()) / rate) * 1000) {
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    asking.push(askAt(due));
  }
  await Promise.all(asking);
  for (const { socket } of idle) socket.end();
}

async function connected() {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const connection = { socket, answered: null, failed: null };
  let received = null;
  socket.on('data', (chunk) => {
    received = received === null ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = received.toString('latin1', 0, end).toLowerCase();
    if (!isWhole(received, end, head)) return;
    const whole = received;
    received = null;
    if (head.startsWith('http/1.1 200')) connection.answered(head);
    else connection.failed(new Error(whole.toString('utf8', 0, 500)));
  });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.on('error', (error) => (connection.failed ?? reject)(error));
  });
  return connection;
}

/** `began`: from when its time counts. */
async function ask(connection, began) {
  const answer = new Promise((resolve, reject) => {
    connection.answered = resolve;
    connection.failed = reject;
  });
  connection.socket.write(requests[next++ % requests.length]);
  const head = await answer;
  const ended = performance.now();
  answers += 1;
  if (answers === warmUpAnswers) onWarm();
  if (ended < from || ended >= until) return;
  const lane = /\bdur=([\d.]+)/.exec(head);
  asked.push({ ms: ended - began, laneMs: lane === null ? null : Number(lane[1]) });
}

function isWhole(received, end, head) {
  const length = /content-length: (\d+)/.exec(head);
  if (length !== null) return received.length >= end + 4 + Number(length[1]);
  return received.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS);
}
