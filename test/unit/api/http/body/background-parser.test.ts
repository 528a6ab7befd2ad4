import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { createBackgroundParser } from '#forebay/api/http/body/background-parser.js';
import type { SubmitRequest } from '#forebay/api/http/wire/submit-request.js';
import { stallLimitMs } from '../../../../support/stalls.ts';

const own = (text: string) => {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
};
const inline = (rows: string) => `{"model":"m","input":{"type":"inline","rows":[${rows}]}}`;

it('parses good and bad large bodies in the order of their arrival', async () => {
  const parser = createBackgroundParser();
  const many = Array.from({ length: 50_000 }, (_, i) => `{"id":"${i}","data":"AAAA"}`).join();
  const [good, wrong, broken, again] = await Promise.allSettled([
    parser.parseSubmit(own(inline(many)), 32),
    parser.parseSubmit(own(inline('{"id":1},'.repeat(99_999) + '{}')), 32),
    parser.parseSubmit(own(inline(many).slice(0, -9)), 32),
    parser.parseSubmit(own(inline(many)), 32),
  ]);
  expect(good).toMatchObject({
    value: { ok: true, value: { model: 'm', input: { type: 'inline', packed: { count: 50_000 } } } },
  });
  expect(wrong).toMatchObject({ value: { ok: false, issues: { length: 51 } } });
  expect(broken).toMatchObject({
    reason: { code: 'invalid_request', message: expect.stringContaining('not JSON') },
  });
  expect(again).toMatchObject({
    value: { value: { digest: (good as { value: { value: SubmitRequest } }).value.value.digest } },
  });
});

it('does not block the event loop, whatever a body of 16 MB contains', async () => {
  const parser = createBackgroundParser();
  const size = 16 * 2 ** 20 - 100;
  const filled = (row: string) => inline(row.repeat(Math.floor(size / row.length)).replace(/,$/, ''));
  const kinds = [
    filled('{"x":1,"y":2},'),
    filled('{"id":"a","data":""},'),
    `{"model":"m","input":{"type":"urls","urls":["a"${',"a"'.repeat(4_000_000)}]}}`,
    `{"model":"m","input":{"type":"urls","urls":[${'['.repeat(20)}${'],['.repeat(4_000_000)}`,
    `{${'"a":{},'.repeat(2_000_000)}"b":1}`,
    inline(`{"id":"a","data":"${'A'.repeat(size - 100)}"}`),
  ];
  const all = kinds.map(own);
  await parser.parseSubmit(own(inline('{}')), 32);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  for (const bytes of all) await parser.parseSubmit(bytes, 32).catch(() => undefined);
  delay.disable();
  expect(delay.max / 1e6).toBeLessThan(stallLimitMs());
}, 120_000);
