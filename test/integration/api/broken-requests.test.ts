// Requests that are cut off, too slow or not HTTP get a sentence, in the form of the interface that they were sent to.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startService, type Service } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { FOREBAY_REQUEST_TIMEOUT_S: '2', FOREBAY_LOG_LEVEL: 'silent' } });
});
afterAll(async () => service.close());

const PREDICT = '/v1/models/tiny/predict';
const INFER = '/v2/models/tiny/infer';
const head = (path: string, ...lines: string[]) =>
  [`POST ${path} HTTP/1.1`, 'host: localhost', 'content-type: application/json', ...lines, '', ''].join(
    '\r\n',
  );

/** `ends`: whether the client closes its side of the connection after the text. */
async function send(text: string, ends: boolean) {
  const { port } = new URL(service.url);
  const socket = connect(Number(port), '127.0.0.1');
  let received = '';
  socket.on('data', (data) => (received += data.toString()));
  if (ends) socket.end(text);
  else socket.write(text);
  await once(socket, 'close');
  const [lines = '', body = ''] = received.split('\r\n\r\n');
  return { status: Number(lines.split(' ')[1]), lines, body: JSON.parse(body) as Record<string, unknown> };
}

it.each([
  {
    what: 'a body that is cut off',
    text: head(PREDICT, 'content-length: 100') + '{"rows":[',
    status: 400,
    says: /ended before the whole request had arrived/,
  },
  {
    what: 'chunks that are cut off',
    text: head(PREDICT, 'transfer-encoding: chunked') + '5\r\n{"r',
    status: 400,
    says: /ended before the whole request had arrived/,
  },
  {
    what: 'chunks without a size',
    text: head(PREDICT, 'transfer-encoding: chunked') + 'zz\r\n',
    status: 400,
    says: /not valid HTTP: Invalid character in chunk size/,
  },
  {
    what: 'a length that is no number',
    text: head(PREDICT, 'content-length: -5'),
    status: 400,
    says: /not valid HTTP: .*Content-Length/,
  },
  {
    what: 'headers that are too large',
    text: head(PREDICT, `cookie: ${'x'.repeat(20_000)}`),
    status: 431,
    says: /larger than 16 KB/,
  },
])('$what gets a sentence', async ({ text, status, says }) => {
  const answer = await send(text, true);
  expect(answer).toMatchObject({ status, body: { status, detail: expect.stringMatching(says) } });
  expect(answer.lines).toContain('application/problem+json');
});

it.each([
  { what: 'headers that stop', text: `POST ${PREDICT} HTTP/1.1\r\nhost: localhost\r\n` },
  { what: 'a body that stops', text: head(PREDICT, 'content-length: 100') + '{"rows":[' },
])('$what is a timeout', async ({ text }) => {
  const { status, body } = await send(text, false);
  expect(status).toBe(408);
  expect(body).toMatchObject({
    code: 'request_timeout',
    detail: expect.stringMatching(/its headers must arrive within 2 s, and all of it within 2 s/),
  });
});

it('a request of the Open Inference Protocol gets an error of that protocol', async () => {
  const { status, body } = await send(head(INFER, 'content-length: 100') + '{"inputs":[', true);
  expect(status).toBe(400);
  expect(body).toEqual({ error: expect.stringMatching(/ended before/), code: 'invalid_request' });
});

it('a broken request on a connection that has had an answer gets its own', async () => {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (data) => (received += data.toString()));
  socket.write('GET /v1/models/tiny HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'data');
  socket.write('nonsense\r\n\r\n');
  await once(socket, 'close');
  expect(received).toMatch(
    /^HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 400 Bad Request[^]*The request is not valid HTTP/,
  );
});
