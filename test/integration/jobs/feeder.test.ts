// The steps of a feeder, with crashes, lost leases and errors at the worst moment. Redis and files are real.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import type { DatasetSource } from '#forebay/shared/datasets/source.js';
import { LeaseLost } from '#forebay/shared/queue/jobs/lease.js';
import { readProgress } from '#forebay/shared/queue/wake.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { folderPaths } from '#forebay/shared/storage/folder/folder-paths.js';
import { PART_FORMATS } from '#forebay/shared/domain/job/part-format.js';
import { sinkOf } from '#forebay/shared/sinks/sink-of.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { adoptBlock } from '#forebay/shared/storage/adopt-block.js';
import { bad, ok, useJobFeeders } from '../../support/job-feeder.ts';
import { useQueueLayer, rowsOf } from '../../support/queue.ts';

const layer = useQueueLayer();
const { folder, feederOf, publishRun, commitWindow, runToEnd } = useJobFeeders(layer);

it('a feeder is due when commits have freed enough room, and always while it waits for slots or a worker', async () => {
  const many = await feederOf(1000, { options: { block_rows: 5 } });
  expect(many.feeder.isDue(16)).toBe(true);
  await many.feeder.step();
  expect(many.feeder.isDue(13)).toBe(false);
  expect(many.feeder.isDue(12)).toBe(true);

  const few = await feederOf(20, { options: { block_rows: 5 } });
  await few.feeder.step();
  expect(few.feeder.isDue(1)).toBe(false);
  expect(few.feeder.isDue(0)).toBe(true);

  const narrow = await feederOf(1000, { queueLimit: 4, options: { block_rows: 5 } });
  await narrow.feeder.step();
  expect(narrow.feeder.isDue(15)).toBe(true);

  const alone = await feederOf(1000, { liveLanes: async () => 0 });
  await alone.feeder.step();
  expect(alone.feeder.isDue(15)).toBe(true);
});

it('the first block is on the queue before the rows of the second are read, because a store may be slow', async () => {
  const seen: unknown[] = [];
  const job = await feederOf(50, {
    options: { block_rows: 5 },
    source: (real) => ({
      ...real,
      async *read(from, signal) {
        let rows = 0;
        for await (const entry of real.read(from, signal)) {
          if (rows++ === 6) seen.push((await job.record()).status, await layer.slots.held(job.queue, job.id));
          yield entry;
        }
      },
    }),
  });
  await job.feeder.step();
  expect(seen).toEqual(['running', [0]]);
});

it('every commit is announced with the number of blocks left and of its failed rows', async () => {
  const job = await feederOf(15, { options: { block_rows: 5 } });
  await job.feeder.step();
  const heard: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    layer.wake.on('progress', (message) => {
      const { job: id, left, failed } = readProgress(message);
      if (id !== job.id) return;
      heard.push([left, failed]);
      if (left === 0) resolve();
    });
  });
  await commitWindow(job.id, 2);
  await all;
  expect(heard).toEqual([
    [2, 2],
    [1, 2],
    [0, 2],
  ]);
});

it('no row is lost when Redis refuses a reservation', async () => {
  const job = await feederOf(400, { options: { concurrency: 2 } });
  await job.feeder.step();
  // A real refusal: the script cannot write to a hash that is now a string.
  const { window } = jobKeys(job.id);
  await layer.redis.rename(window, 'aside');
  await layer.redis.set(window, 'in the way');
  for (let i = 0; i < 5; i++) await job.feeder.step().catch(() => false);
  await layer.redis.rename('aside', window);
  await runToEnd(job);
  expect(await job.record()).toMatchObject({ status: 'completed', succeeded: 400, total: 400 });
});

it('no row is lost when reading the dataset fails once', async () => {
  let seen = 0;
  const failingOnce = (real: DatasetSource): DatasetSource => ({
    count: async (limit, signal) => real.count(limit, signal),
    async *read(from, signal) {
      for await (const row of real.read(from, signal)) {
        if (++seen === 13) throw Object.assign(new Error('input/output error'), { code: 'EIO' });
        yield row;
      }
    },
  });
  const job = await feederOf(40, { options: { concurrency: 2 }, source: failingOnce });
  await runToEnd(job);
  expect(await job.record()).toMatchObject({ status: 'completed', succeeded: 40, total: 40 });
});

it('what is skipped after the last row is counted once, even if the feeder fails just after it read the end', async () => {
  const root = realpathSync(mkdtempSync(join(folder, 'images-')));
  for (const name of ['a.png', 'b.txt', 'c.png', 'd.txt']) writeFileSync(join(root, name), '');
  const dataset = { type: 'files' as const, root, include: [], exclude: [], listing: 2 as const };
  const job = await feederOf(2, {
    options: { block_rows: 1 },
    spec: { opening: null, resume: true },
    source: () => openDataset(dataset),
  });
  // Adopting this part fails, because it is a folder.
  const part = join(job.output, 'part-00000000.jsonl');
  mkdirSync(part);
  await expect(job.feeder.step()).rejects.toThrow(/EISDIR/);
  rmSync(part, { recursive: true });
  await runToEnd(job);
  expect(await job.record()).toMatchObject({
    status: 'completed',
    succeeded: 2,
    skipped: { not_images: { count: 2, first: ['b.txt', 'd.txt'] } },
  });
});

it('a job with more rows than allowed ends when they are counted, or when its feeder reaches the limit', async () => {
  const counted = await feederOf(21, { maxRows: 20, options: { block_rows: 5 } });
  await runToEnd(counted);
  expect(await counted.record()).toMatchObject({
    status: 'failed',
    succeeded: 0,
    error: { code: 'too_many_rows', message: expect.stringMatching(/ 21 rows\. .* 20 .FOREBAY_MAX_ROWS/) },
  });
  const fed = await feederOf(500, { maxRows: 400, uncounted: true, options: { block_rows: 5 } });
  await runToEnd(fed);
  const record = await fed.record();
  expect(record).toMatchObject({ status: 'failed', error: { code: 'too_many_rows' } });
  expect(record.succeeded).toBeLessThanOrEqual(400);
});

it('a job is fed completely if its rows, or its option limit, do not exceed the allowed rows', async () => {
  for (const choices of [
    { maxRows: 20 },
    { maxRows: 20, uncounted: true },
    { maxRows: 10, uncounted: true, options: { limit: 10 } },
  ] as const) {
    const job = await feederOf(20, choices);
    await runToEnd(job);
    const succeeded = choices.maxRows;
    expect(await job.record()).toMatchObject({ status: 'completed', succeeded, error: null });
  }
});

it('a feeder that loses its lease before the final transition leaves the job active', async () => {
  const job = await feederOf(4);
  await job.feeder.step();
  await commitWindow(job.id);
  await job.feeder.step();
  const record = await job.record();
  expect(record.status).toBe('finalizing');
  await layer.redis.del(jobKeys(job.id).lease);
  await expect(job.finalise(record, job.lease)).rejects.toThrow(LeaseLost);
  expect(await layer.jobs.isActive(job.id)).toBe(true);
  await layer.window.holdLease(job.id, 'next', 60_000);
  await job.finalise(record, 'next');
  expect(await layer.jobs.isActive(job.id)).toBe(false);
});

it('a feeder cleans up a job whose earlier feeder died just after the final transition', async () => {
  const job = await feederOf(4);
  await job.feeder.step();
  await commitWindow(job.id);
  await job.feeder.step();
  await layer.jobs.transition(job.id, 'completed', { lease: job.lease });
  expect(await job.feeder.step()).toBe(true);
  expect(await layer.jobs.isActive(job.id)).toBe(false);
  expect(await layer.redis.pttl(jobKeys(job.id).job)).toBeGreaterThan(0);
  expect(await layer.jobs.outputHolder(job.output)).toBeNull();
});

it('max_errors also counts errors that are committed during the last step', async () => {
  let atLastMoment = false;
  const job: Awaited<ReturnType<typeof feederOf>> = await feederOf(4, {
    options: { max_errors: 0 },
    liveLanes: async () => {
      if (atLastMoment) await commitWindow(job.id, 2);
      return 1;
    },
  });
  await job.feeder.step();
  atLastMoment = true;
  await job.feeder.step();
  expect(await job.record()).toMatchObject({
    status: 'finalizing',
    failed: 2,
    error: { code: 'too_many_errors' },
  });
});

it.each(PART_FORMATS)(
  'a %s part whose run died before its errors were published is counted with its errors',
  async (format) => {
    const table = format === 'jsonl' ? undefined : { format, columns: columnsOf(null) };
    const job = await feederOf(4, { spec: { table } });
    await job.feeder.step();
    const rows = rowsOf(0, 4);
    const run = await layer.window.beginRun(job.id, 0, 1, 'dead');
    await publishRun(job.id, 0, run!, [ok, bad, ok, ok], 'dead');
    rmSync(folderPaths(job.output).errors(0));
    await layer.jobs.transition(job.id, 'cancelling');
    await runToEnd(job);
    expect(await job.record()).toMatchObject({ status: 'cancelled', succeeded: 3, failed: 1 });
    expect(existsSync(folderPaths(job.output).errors(0))).toBe(true);
    const part = { output: layer.outputs.of(job.output), job: job.id, part: 0, sink: sinkOf({ table }) };
    expect(await adoptBlock(part, rows, 'owned')).toMatchObject({ succeeded: 3, failed: 1 });
    expect(existsSync(folderPaths(job.output).part(0, format))).toBe(true);
  },
);

it('a cancelled job ends even if its output folder is gone', async () => {
  const job = await feederOf(4);
  await job.feeder.step();
  rmSync(job.output, { recursive: true });
  await layer.jobs.transition(job.id, 'cancelling');
  await runToEnd(job);
  expect((await job.record()).status).toBe('cancelled');
});

it('a block that kills every worker that runs it fails the job, and the error names the block', async () => {
  const job = await feederOf(8);
  await job.feeder.step();
  for (let i = 0; i <= 20; i++) await layer.window.beginRun(job.id, 1, 1, `dead-${i}`);
  await layer.window.announceLeft(job.id);
  await job.feeder.step();
  const record = await job.record();
  expect(record).toMatchObject({ status: 'finalizing', error: { code: 'block_failed' } });
  expect(record.error!.message).toMatch(/^Block 1 was run 21 times/);
});

it('a job waits for storage however many runs fail, and clears the reason once the storage is back', async () => {
  const job = await feederOf(8);
  await job.feeder.step();
  for (let i = 0; i < 25; i++) {
    await layer.window.beginRun(job.id, 0, 1, `t${i}`);
    await layer.window.leaveRun(job.id, 0, `t${i}`, { error: 'storage_unavailable: ENOSPC' });
  }
  await layer.window.announceLeft(job.id);
  await job.feeder.step();
  expect(await job.record()).toMatchObject({ status: 'running', reason: 'storage_unavailable' });
  await commitWindow(job.id);
  await runToEnd(job);
  expect(await job.record()).toMatchObject({ status: 'completed', reason: null, error: null });
});

it('a job of version 1 is fed, and parts that its runs never announced are adopted', async () => {
  const job = await feederOf(8, { spec: { v: 1, opening: null, resume: true } });
  writeFileSync(join(job.output, 'job.json'), '{}');
  const text = rowsOf(0, 4).rows.map(
    ({ id }, index) => `${JSON.stringify({ index, id, predictions: [] })}\n`,
  );
  writeFileSync(join(job.output, 'part-00000000.jsonl'), text.join(''));
  await runToEnd(job);
  expect(await job.record()).toMatchObject({ status: 'completed', succeeded: 8 });
  expect(readFileSync(join(job.output, 'job.json'), 'utf8')).toBe('{}');
});

it("the manifest of a cancelled job lists errors that came after its feeder's last check", async () => {
  const job = await feederOf(8);
  await job.feeder.step();
  const seen = await job.record();
  await commitWindow(job.id, 2);
  await layer.jobs.transition(job.id, 'cancelling');
  await job.finalise({ ...seen, status: 'cancelling' }, job.lease);
  const manifest = JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')) as {
    parts: { errors: { rows: number } | null }[];
  };
  expect(manifest.parts.map(({ errors }) => errors?.rows)).toEqual([2, 2]);
});

it('a retry that ends with files does not end before the deletions of an earlier feeder have expired', async () => {
  let fenceMs = 0;
  const outputs = { ...layer.outputs, of: (place: string) => ({ ...layer.outputs.of(place), fenceMs }) };
  const compact = { size: { files: 1 }, first_file: 2 };
  const job = await feederOf(2, { outputs, spec: { compact } });
  await job.feeder.step();
  await commitWindow(job.id, 2);
  // The output has files, so the retry's parts are removed, even though it has no result and no file plan.
  await job.feeder.step();
  expect(await job.record()).toMatchObject({
    status: 'finalizing',
    filePlan: null,
    error: { code: 'all_rows_failed' },
  });
  fenceMs = 60_000;
  const next = await job.next();
  expect(await next.feeder.step()).toBe(false);
  expect((await job.record()).status).toBe('finalizing');
});
