// A service whose lanes have decode threads (ADR 18), on the CPU. A job ends as it does without them.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { PlanWire } from '#forebay/api/http/wire/plan.js';
import { childPids } from '../../support/child-pids.ts';
import { expectEveryRowOnce, writeManyRows } from '../../support/many-rows.ts';
import { indexes, readOutput, startService, upTo, type Service } from '../../support/service.ts';

const HOOK = pathToFileURL(join(import.meta.dirname, '../../support/thread-trouble.mjs')).href;
let service: Service;
beforeAll(async () => {
  service = await startService({
    workers: 0,
    env: {
      FOREBAY_DECODE_IN: 'threads',
      FOREBAY_DECODE_THREADS: '2',
      FOREBAY_BATCH_TIMEOUT_S: '3',
      FOREBAY_LOG_LEVEL: 'silent',
    },
  });
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

it('a row whose decoding crashes, hangs or fails costs only itself', async () => {
  const [rows, killer, sleeper, bad] = [60, 23, 41, 7];
  const input = await writeManyRows(service.input, rows);
  const images = join(service.input, 'images');
  for (const name of ['killer', 'sleeper']) {
    copyFileSync(join(images, '000000.png'), join(images, `${name}.png`));
  }
  writeFileSync(join(images, 'bad.png'), 'no image');
  const odd = new Map([
    [killer, 'killer'],
    [sleeper, 'sleeper'],
    [bad, 'bad'],
  ]);
  const lines = upTo(rows).map((i) =>
    JSON.stringify({ id: `row-${i}`, uri: `images/${odd.get(i) ?? `00000${i % 3}`}.png` }),
  );
  writeFileSync(join(service.input, 'odd.txt'), lines.join('\n'));

  const worker = await service.startWorker({ NODE_OPTIONS: `--import ${HOOK}` });
  const { id } = await service.submit({
    input: { ...input, path: 'odd.txt' },
    options: { block_rows: 20, batch_size: 8 },
  });
  const job = await service.ended(id);
  expect(job.rows).toMatchObject({ total: rows, succeeded: rows - 3, failed: 3 });
  const answers = readOutput(job.output);
  expect(indexes(answers)).toEqual(upTo(rows).filter((i) => !odd.has(i)));
  for (const answer of answers) expect(answer.predictions![0]!.index).toBe(answer.index % 3);
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { index: bad, error: { code: 'unsupported_format' } },
    { index: killer, error: { code: 'lane_crashed' } },
    { index: sleeper, error: { code: 'timed_out' } },
  ]);
  expect(childPids(worker.pid!)).toHaveLength(1);
}, 120_000);

it('a worker that stops, and a job that is cancelled, leave no process and lose no row', async () => {
  const rows = 1200;
  const input = await writeManyRows(service.input, rows);
  const first = await service.startWorker();
  expect((await planOf(input)).numbers).toMatchObject({
    lanes: { value: 1, bound_by: 'setting' },
    decode_threads: { value: 2, bound_by: 'setting' },
  });
  const { id } = await service.submit({ input, options: { block_rows: 20 } });
  const cancelled = await service.submit({ input, options: { block_rows: 20 } });
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 5);
  await service.request(`/v1/jobs/${cancelled.id}/cancel`, { method: 'POST' });
  const lanes = childPids(first.pid!);
  await service.stopWorkers();
  for (const pid of lanes) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  await service.startWorker();
  expectEveryRowOnce(await service.ended(id), rows);
  expect(await service.ended(cancelled.id)).toMatchObject({ status: 'cancelled' });
}, 120_000);

async function planOf(input: object): Promise<PlanWire> {
  return (await (await service.post('/v1/plan', { model: 'tiny', input })).json()) as PlanWire;
}
