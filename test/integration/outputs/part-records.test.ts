// Records of parts from their commit to the index: what a feeder moves, what a finaliser reads, how much Redis keeps.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listedRows } from '#forebay/shared/domain/block.js';
import { LeaseLost } from '#forebay/shared/queue/jobs/lease.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import type { ManifestPart } from '#forebay/shared/storage/read-manifest.js';
import { addRecords, openPartIndex } from '#forebay/shared/storage/part-index/part-index.js';
import { partRecordOf } from '#forebay/shared/storage/part-index/part-record-of.js';
import { useJobFeeders } from '../../support/job-feeder.ts';
import { useQueueLayer } from '../../support/queue.ts';
import { upTo } from '../../support/service.ts';
import { watchedOutputs } from '../../support/watched-outputs.ts';

const layer = useQueueLayer();
const { feederOf, commitWindow, runToEnd } = useJobFeeders(layer);

const watchedParts = () => watchedOutputs(layer.outputs, 'part-');

const waiting = async (id: string) => layer.redis.llen(jobKeys(id).records);
const indexFiles = (output: string) => readdirSync(output).filter((name) => name.startsWith('_parts-'));
const manifestOf = (output: string) =>
  JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8')) as {
    parts: ManifestPart[];
    errors_by_code: Record<string, number>;
  };

it('a job is described without reading a part, even if its feeder dies after it has copied records', async () => {
  const { outputs, read } = watchedParts();
  const first = await feederOf(400, { outputs, options: { block_rows: 2, concurrency: 150 } });
  await first.feeder.step();
  await commitWindow(first.id, 1);
  expect(await waiting(first.id)).toBe(150);
  // Killed between the copy and the removal.
  const head = { job: first.id, model: first.spec.model.hash };
  const { records } = await layer.window.waitingRecords(first.id, 100);
  await addRecords(layer.outputs.of(first.output), head, records);
  const second = await first.next();
  await expect(layer.window.dropRecords(first.id, first.lease, 100)).rejects.toThrow(LeaseLost);
  await runToEnd(second);

  expect(await second.record()).toMatchObject({ status: 'completed', errorsByCode: { decode_failed: 150 } });
  expect(read).toEqual([]);
  expect(indexFiles(first.output)).toEqual([`_parts-${first.id}-00000000.jsonl`]);
  const { parts, errors_by_code } = manifestOf(first.output);
  expect(errors_by_code).toEqual({ decode_failed: 150 });
  expect(parts.map(({ name }) => Number(name.slice(5, 13)))).toEqual(upTo(200));
  expect(parts.map(({ rows, errors }) => [rows, errors?.rows ?? 0]).slice(148, 152)).toEqual([
    [1, 1],
    [1, 1],
    [2, 0],
    [2, 0],
  ]);
  expect(await layer.redis.exists(jobKeys(first.id).records)).toBe(0);
});

it('records in Redis are bounded, whatever the number of blocks, and none wait for an older feeder', async () => {
  const facts = { succeeded: 1, failed: 0, bytes: 9, sha256: 'a'.repeat(64), errors: null };
  const commitAll = async (id: string) =>
    Promise.all(
      [...(await layer.window.entries(id, await layer.window.blocks(id)))].map(async ([block, entry]) => {
        const run = await layer.window.beginRun(id, block, entry.generation, 'run');
        const record = partRecordOf(block, listedRows(run!.block), facts);
        return layer.window.commit(id, block, 'run', facts, {}, record);
      }),
    );
  const job = await feederOf(4000, { options: { block_rows: 1, concurrency: 600 } });
  await job.feeder.step();
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) {
    await commitAll(job.id);
    seen.push(await waiting(job.id));
    expect(await layer.redis.pttl(jobKeys(job.id).records)).toBeGreaterThan(0);
    await job.feeder.step();
    expect(await waiting(job.id)).toBeLessThanOrEqual(512);
  }
  expect(await job.record()).toMatchObject({ blocks: { done: 3000 } });
  expect(Math.max(...seen)).toBeLessThanOrEqual(512 + 600);
  // Beyond the limit, records are left out and blocks count all the same.
  await layer.window.collectRecords(job.id, job.lease, 1);
  await commitAll(job.id);
  expect(await waiting(job.id)).toBeLessThanOrEqual(512 + 64);

  const older = await feederOf(8, { options: { block_rows: 2 } });
  await older.feeder.step();
  await layer.redis.hdel(jobKeys(older.id).job, 'records_limit');
  await commitAll(older.id);
  expect([await waiting(older.id), (await older.record()).blocks.done]).toEqual([0, 4]);
});

it('parts that workers of an older version committed are read once, and then have records', async () => {
  const { outputs, read } = watchedParts();
  const job = await feederOf(20, { outputs, options: { block_rows: 2 } });
  await job.feeder.step();
  await commitWindow(job.id, 1, (block) => block % 2 === 1);
  expect(await job.record()).toMatchObject({ failed: 10, errorsByCode: { decode_failed: 5 } });
  await runToEnd(job);
  expect(read).toEqual(upTo(5).map((i) => `part-0000000${2 * i + 1}.jsonl`));
  expect(await job.record()).toMatchObject({ status: 'completed', errorsByCode: { decode_failed: 10 } });
  expect((await openPartIndex(outputs.of(job.output), job.id).group(0)).size).toBe(10);
});

it('a resume adopts recorded parts without reading them, and reads those whose rows may differ', async () => {
  const first = await feederOf(24, { options: { block_rows: 2, concurrency: 6 } });
  await first.feeder.step();
  await commitWindow(first.id, 1);
  await layer.jobs.transition(first.id, 'cancelling');
  await runToEnd(first);
  expect(indexFiles(first.output)).toHaveLength(1);

  const { outputs, read } = watchedParts();
  const earlier = { job: first.id, model_hash: first.spec.model.hash };
  const resume = (rows: number) => ({
    rows,
    choices: {
      outputs,
      output: first.output,
      options: { block_rows: 2, concurrency: 6 },
      spec: {
        resume: true,
        opening: { if_output_exists: 'resume' as const, earlier, cut_part: null },
      },
    },
  });
  const { rows, choices } = resume(24);
  const second = await feederOf(rows, choices);
  await layer.jobs.releaseOutput(first.output, first.id);
  await layer.jobs.markOpened(second.id, second.lease);
  await second.feeder.step();
  // Only parts that do not exist are looked for.
  expect(read).toEqual(upTo(6).map((i) => `part-${String(i + 6).padStart(8, '0')}.jsonl`));
  await runToEnd(second);
  expect(await second.record()).toMatchObject({
    status: 'completed',
    succeeded: 18,
    failed: 6,
    adopted: 12,
    errorsByCode: { decode_failed: 6 },
  });
  expect(indexFiles(first.output)).toEqual([`_parts-${second.id}-00000000.jsonl`]);
});

it('tasks that write files leave no record, and a job that is cancelled before they end is described by its parts', async () => {
  const { outputs, read } = watchedParts();
  const job = await feederOf(8, {
    outputs,
    options: { block_rows: 2 },
    spec: { compact: { size: { files: 2 } } },
  });
  await job.feeder.step();
  await commitWindow(job.id, 1);
  await job.feeder.step();
  const { committedAt } = await job.record();
  const tasks = [...(await layer.window.entries(job.id, await layer.window.blocks(job.id)))];
  expect(tasks.map(([block]) => block)).toEqual([4, 5]);
  const [block, { generation }] = tasks[0]!;
  await layer.window.beginRun(job.id, block, generation, 'run');
  await layer.window.commit(job.id, block, 'run', { succeeded: 0, failed: 0 }, {});
  expect(await waiting(job.id)).toBe(4);
  expect(await job.record()).toMatchObject({ committedAt, blocks: { done: 4 }, filePlan: { blocks: 4 } });
  await layer.jobs.transition(job.id, 'cancelling');
  await runToEnd(job);
  expect(await job.record()).toMatchObject({ status: 'cancelled', error: null });
  expect(manifestOf(job.output)).toMatchObject({
    parts: upTo(4).map((i) => ({ name: `part-0000000${i}.jsonl` })),
    errors_by_code: { decode_failed: 4 },
  });
  expect(read).toEqual([]);
});

it('a part that somebody has changed since its commit fails the job', async () => {
  const job = await feederOf(8, { options: { block_rows: 2 } });
  await job.feeder.step();
  await commitWindow(job.id);
  writeFileSync(join(job.output, 'part-00000002.jsonl'), '{"index":4,"id":"row-4","predictions":[]}\n');
  await runToEnd(job);
  expect(await job.record()).toMatchObject({
    status: 'failed',
    error: { code: 'output_changed', message: expect.stringContaining('part-00000002.jsonl') },
  });
});
