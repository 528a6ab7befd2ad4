/** Whether a client that hangs up is noticed, over real HTTP. */
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitingCaller } from '#forebay/api/http/middleware/waiting-caller.js';
import { waitUntil } from '../../../../support/wait-until.ts';

const seen: string[] = [];
const app = new Hono<{ Bindings: HttpBindings }>()
  .get('/answered', (c) => {
    const caller = waitingCaller(c);
    caller.onGone(() => seen.push('answered, but told of a caller that left'));
    c.env.outgoing.once('close', () => seen.push(`answered, then ${caller.state}`));
    return c.text('here');
  })
  .get('/unanswered', async (c) => {
    const caller = waitingCaller(c);
    seen.push(caller.state);
    await new Promise<void>((resolve) => caller.onGone(resolve));
    seen.push(caller.state);
    const late = waitingCaller(c);
    seen.push(`late: ${late.state}`);
    return c.text('nobody reads this');
  });
const listen = getRequestListener(app.fetch);
const server = createServer((incoming, outgoing) => void listen(incoming, outgoing));

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

function ask(path: string) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
  return socket;
}

it('a caller that hangs up is gone, and one that has its answer is not', async () => {
  const patient = ask('/answered').resume();
  await once(patient, 'close');
  await waitUntil('the end of the response', () => seen.length > 0);
  expect(seen.splice(0)).toEqual(['answered, then waiting']);

  const hasty = ask('/unanswered');
  await waitUntil('the request', () => seen.length > 0);
  hasty.destroy();
  await waitUntil('the end of the request', () => seen.length === 3);
  expect(seen).toEqual(['waiting', 'gone', 'late: gone']);
});
