// What a webhook's connection may and may not do, with a real receiver on loopback.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWebhookSender } from '#forebay/api/webhooks/send-webhook.js';
import { startReceiver } from '../../../support/webhook-receiver.ts';

let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const never = new AbortController().signal;
const options = { timeoutMs: 30_000, userAgent: 'test' };

it('reaches no private address, whether the URL holds the address itself or a name that resolves to it', async () => {
  let asked = 0;
  const sender = createWebhookSender({
    ...options,
    allow: [],
    lookup: (_host, _options, done) => {
      asked += 1;
      done(null, [{ address: '127.0.0.1', family: 4 }]);
    },
  });
  const { port } = new URL(receiver.url('/private'));
  const numbers = ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '017700000001', '0'];
  for (const host of [...numbers, 'rebound.example']) {
    const sent = await sender.send(`http://${host}:${port}/private`, {}, '{}', never);
    expect(sent).toMatchObject({ status: null, error: { code: 'url_not_allowed' } });
    expect(sent.error!.message).not.toMatch(/rebound.*127\.0\.0\.1/);
  }
  expect(asked).toBe(1);
  expect(receiver.at('/private')).toEqual([]);
  await sender.close();
});

it('ignores the rest of a long answer, follows no redirect, and stops at its timeout', async () => {
  const sender = createWebhookSender({ ...options, allow: ['127.0.0.1'] });
  const hasty = createWebhookSender({ ...options, allow: ['127.0.0.1'], timeoutMs: 100 });
  receiver.answer('/endless', (response) => {
    response.writeHead(200);
    const more = () => response.write('x'.repeat(65_536), () => setImmediate(more));
    response.on('error', () => undefined);
    more();
  });
  receiver.answer('/moved', (response) => response.writeHead(302, { location: '/other' }).end());
  receiver.answer('/mute', () => undefined);
  expect(await sender.send(receiver.url('/endless'), {}, '{}', never)).toEqual({ status: 200, error: null });
  expect(await sender.send(receiver.url('/moved'), {}, '{}', never)).toEqual({ status: 302, error: null });
  expect(await hasty.send(receiver.url('/mute'), {}, '{}', never)).toMatchObject({
    error: { code: 'fetch_timeout' },
  });
  expect(receiver.at('/other')).toEqual([]);
  const stop = new AbortController();
  const sent = sender.send(receiver.url('/mute'), {}, '{}', stop.signal);
  stop.abort();
  await expect(sent).rejects.toThrow();
  await Promise.all([sender.close(), hasty.close()]);
});
