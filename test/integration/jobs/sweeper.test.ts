// The sweeper removes the leftovers of killed processes from real queues and folders. Everything in use stays.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { sweepJobs } from '#forebay/api/sweeper/sweep-jobs.js';
import { sweepQueues } from '#forebay/api/sweeper/sweep-queues.js';
import { sweepSpool } from '#forebay/api/sweeper/sweep-spool.js';
import { startSweeper, type Chore, type SweepFailed } from '#forebay/api/sweeper/sweeper.js';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import { SPEC_VERSION } from '#forebay/shared/domain/job/job.js';
import { createBlockTaker } from '#forebay/shared/queue/blocks/block-taker.js';
import { createLeftovers } from '#forebay/shared/queue/jobs/leftovers.js';
import { blockQueueName, BULLMQ_PREFIX, indexKeys, jobKeys, outputKey } from '#forebay/shared/queue/keys.js';
import { folderPaths } from '#forebay/shared/storage/folder/folder-paths.js';
import { makeSpec, MODEL, slotLimits, slotUser, useQueueLayer } from '../../support/queue.ts';
import { waitUntil } from '../../support/wait-until.ts';

const layer = useQueueLayer();
const folder = mkdtempSync(join(tmpdir(), 'forebay-sweep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => layer.redis.flushall());

const QUEUE = blockQueueName(MODEL);
const GRACE_MS = 60_000;
const LONG_AGO = Date.now() - 3_600_000;
const leftovers = () => createLeftovers(layer);
const oldId = (n: number) => newJobId(LONG_AGO + n, new Uint8Array(16).fill(n));

/** A job that was submitted an hour ago. */
async function oldJob(n: number, output = join(folder, `out-${n}`)) {
  const spec = makeSpec({ id: oldId(n), output });
  await layer.make(spec, 4);
  return spec;
}

async function end(id: string): Promise<void> {
  await layer.jobs.transition(id, 'running');
  await layer.jobs.transition(id, 'finalizing');
  await layer.jobs.transition(id, 'completed');
  await layer.jobs.releaseOutput((await layer.jobs.mustGet(id)).spec.output, id);
  await layer.jobs.retire(id);
  await layer.redis.hset(jobKeys(id).job, 'changed_at', LONG_AGO);
}

function writeOld(path: string): void {
  writeFileSync(path, 'x');
  utimesSync(path, LONG_AGO / 1000, LONG_AGO / 1000);
}

const raise = (error: unknown) => {
  throw error;
};

/** Repeats a chore often enough to cover everything. Returns the sums of its counts. */
async function repeat(chore: Chore, failed: SweepFailed = raise) {
  const sums: Record<string, number> = {};
  for (let i = 0; i < 5; i++) {
    for (const [kind, count] of Object.entries(await chore(failed))) sums[kind] = (sums[kind] ?? 0) + count;
  }
  return sums;
}

it('slots and blocks of dead jobs are removed from the queue, and those of living jobs stay', async () => {
  const [dead, living] = [await oldJob(1), await oldJob(2)];
  const block = (n: number) => ({ block: n, generation: 1, firstRow: n * 4, rows: 4 });
  for (const { id } of [dead, living]) {
    await layer.slots.take(QUEUE, slotUser(id), slotLimits(64), [0, 1]);
    await layer.queues.add(QUEUE, id, 50, [block(0), block(1)]);
  }
  await layer.slots.take(QUEUE, slotUser(oldId(3)), slotLimits(64), [5]);
  await end(dead.id);
  const chore = sweepQueues({ ...layer, leftovers: leftovers() });
  expect(await repeat(chore)).toEqual({ slots: 3, blocks: 2, failed_runs: 0 });
  expect([...(await leftovers().slots(QUEUE)).keys()]).toEqual([living.id]);
  expect((await layer.queues.depth(QUEUE)).waiting).toBe(2);
});

it('a block of a dead job stays while a worker holds it', async () => {
  const dead = await oldJob(1);
  await layer.queues.add(QUEUE, dead.id, 50, [{ block: 0, generation: 1, firstRow: 0, rows: 4 }]);
  const taker = await createBlockTaker({ redis: layer.redis, queue: QUEUE, onError: () => {} });
  const taken = await taker.take();
  await end(dead.id);
  const chore = sweepQueues({ ...layer, leftovers: leftovers() });
  expect((await repeat(chore))['blocks']).toBe(0);
  await taken!.complete();
  await taker.close();
});

it('only the hundred newest failed block jobs are kept', async () => {
  const queue = new Queue(QUEUE, { connection: layer.redis, prefix: BULLMQ_PREFIX });
  const { id } = await oldJob(1);
  await queue.addBulk(
    Array.from({ length: 130 }, (_, i) => ({
      name: 'block',
      data: { v: 1, job: id, block: i, generation: 1, first_row: 0, rows: 1 },
      opts: { jobId: `${id}-${i}-1`, attempts: 1 },
    })),
  );
  const taker = await createBlockTaker({ redis: layer.redis, queue: QUEUE, onError: () => {} });
  for (let taken; (taken = await taker.take()) !== null;) await taken.fail(new Error('broken'));
  await taker.close();
  expect(await queue.getFailedCount()).toBe(130);
  const chore = sweepQueues({ ...layer, leftovers: leftovers() });
  expect((await repeat(chore))['failed_runs']).toBe(30);
  expect(await queue.getFailedCount()).toBe(100);
  expect(await queue.getJob(`${id}-0-1`)).toBeUndefined();
  expect(await queue.getJob(`${id}-129-1`)).toBeDefined();
  await queue.close();
});

it('staged files of ended jobs are removed, except recent ones and those of outputs in use', async () => {
  const [ended, young, resumed] = [await oldJob(1), await oldJob(2), await oldJob(3)];
  for (const { output } of [ended, young, resumed]) {
    const { staging } = folderPaths(output);
    mkdirSync(staging, { recursive: true });
    writeOld(join(staging, 'part-00000000.jsonl.dead'));
    writeOld(join(output, 'part-00000000.jsonl'));
    writeOld(join(output, `manifest.json.${'a'.repeat(36)}`));
    writeOld(join(output, 'job.json'));
  }
  writeFileSync(join(folderPaths(young.output).staging, 'part-00000001.jsonl.now'), 'x');
  for (const { id } of [ended, young, resumed]) await end(id);
  await layer.redis.set(outputKey(resumed.output), 'another');
  const before = readdirSync(resumed.output);
  const chore = sweepJobs({ ...layer, leftovers: leftovers(), graceMs: GRACE_MS });
  expect(await repeat(chore)).toEqual({ job_ids: 0, jobs_retired: 0, files: 4 });
  expect(readdirSync(ended.output).toSorted()).toEqual(['job.json', 'part-00000000.jsonl']);
  expect(readdirSync(folderPaths(young.output).staging)).toEqual(['part-00000001.jsonl.now']);
  expect(readdirSync(resumed.output)).toEqual(before);
});

it('a folder with more leftovers than one step removes is finished, and young files do not count', async () => {
  const { id, output } = await oldJob(1, join(folder, 'many'));
  const { staging } = folderPaths(output);
  mkdirSync(staging, { recursive: true });
  for (let i = 0; i < 1200; i++) {
    writeOld(join(staging, `part-${String(i).padStart(8, '0')}.jsonl.dead`));
    writeFileSync(join(staging, `part-${String(i).padStart(8, '0')}.jsonl.now`), 'x');
  }
  await end(id);
  const chore = sweepJobs({ ...layer, leftovers: leftovers(), graceMs: GRACE_MS });
  expect((await chore(raise))['files']).toBe(1000);
  expect((await chore(raise))['files']).toBe(200);
  const left = readdirSync(staging);
  expect(left).toHaveLength(1200);
  expect(left.every((name) => name.endsWith('.now'))).toBe(true);
  // The young files grow old.
  for (const name of left) utimesSync(join(staging, name), LONG_AGO / 1000, LONG_AGO / 1000);
  expect((await repeat(chore))['files']).toBe(1200);
  expect(existsSync(staging)).toBe(false);
});

it('a job that cannot be swept is reported, blocks no other job, and is tried again', async () => {
  const [broken, newer, fine] = [
    await oldJob(1, join(folder, 'broken')),
    await oldJob(2, join(folder, 'newer')),
    await oldJob(3, join(folder, 'fine')),
  ];
  const leftover = ({ output }: { output: string }) => {
    mkdirSync(folderPaths(output).staging, { recursive: true });
    writeOld(join(folderPaths(output).staging, 'part-00000000.jsonl.dead'));
  };
  for (const job of [newer, fine]) leftover(job);
  for (const { id } of [broken, newer, fine]) await end(id);
  await layer.redis.hset(jobKeys(newer.id).job, 'spec', JSON.stringify({ ...newer, v: SPEC_VERSION + 1 }));
  symlinkSync(broken.output, broken.output);
  const events: unknown[] = [];
  const emit = (name: string, fields: unknown) => events.push([name, fields]);
  const chore = sweepJobs({ ...layer, leftovers: leftovers(), graceMs: GRACE_MS });
  const start = () => startSweeper({ leftovers: leftovers(), chores: [chore], everyMs: 50, emit });

  const first = start();
  await waitUntil('both events', () => events.length >= 2);
  await first.close();
  expect(events.slice(0, 2)).toEqual([
    ['sweep.failed', { job: broken.id, error: expect.stringMatching(/^ELOOP.*_staging/) }],
    ['sweep.cleared', { files: 1 }],
  ]);
  expect(existsSync(folderPaths(newer.output).staging)).toBe(true);

  rmSync(broken.output);
  leftover(broken);
  events.length = 0;
  const second = start();
  await waitUntil('the second sweep', () => events.length >= 1);
  await second.close();
  expect(events).toEqual([['sweep.cleared', { files: 1 }]]);
  expect(existsSync(folderPaths(broken.output).staging)).toBe(false);
});

it('ids without a record are dropped, and records that would never expire get an expiry', async () => {
  const [gone, lost, fed] = [await oldJob(1), await oldJob(2), await oldJob(3)];
  await end(gone.id);
  await layer.redis.del(jobKeys(gone.id).job);
  // A process died after it removed the job from the active jobs, and before it gave the record an expiry.
  await layer.redis.srem(indexKeys.active, lost.id);
  const fresh = makeSpec();
  await layer.redis.zadd(indexKeys.jobs, 0, fresh.id);
  const chore = sweepJobs({ ...layer, leftovers: leftovers(), graceMs: GRACE_MS });
  expect(await repeat(chore)).toEqual({ job_ids: 1, jobs_retired: 1, files: 0 });
  expect(await layer.jobs.list(null, 10)).toEqual([fresh.id, fed.id, lost.id]);
  expect(await layer.redis.pttl(jobKeys(lost.id).job)).toBeGreaterThan(0);
  expect(await layer.redis.pttl(jobKeys(fed.id).job)).toBe(-1);
  expect(await layer.jobs.isActive(fed.id)).toBe(true);
});

it('spooled rows of old plans, and of jobs whose record would have expired, are removed', async () => {
  const spoolDir = join(folder, 'spool');
  mkdirSync(spoolDir);
  const { id } = await oldJob(1);
  const names = [`${id}.urls.jsonl`, `${oldId(9)}.inline.blob`, 'plan-00ff.urls.jsonl', 'notes.txt'];
  for (const name of names) writeOld(join(spoolDir, name));
  writeFileSync(join(spoolDir, `${oldId(8)}.inline.jsonl`), 'just being written');
  const sweep = (keepMs: number) =>
    sweepSpool({ leftovers: leftovers(), spoolDir, graceMs: GRACE_MS, keepMs });
  // Redis may have lost the job, but its user can still resume the output with these rows.
  expect(await repeat(sweep(2 * 3_600_000))).toEqual({ spool_files: 1 });
  expect(readdirSync(spoolDir)).toContain(`${oldId(9)}.inline.blob`);
  expect(await repeat(sweep(1_800_000))).toEqual({ spool_files: 1 });
  expect(readdirSync(spoolDir).toSorted()).toEqual(
    [`${id}.urls.jsonl`, `${oldId(8)}.inline.jsonl`, 'notes.txt'].toSorted(),
  );
});

it('a spool entry that cannot be removed is reported, and the others are removed', async () => {
  const spoolDir = join(folder, 'spool-broken');
  mkdirSync(join(spoolDir, 'tenant', 'plan-00aa.urls.jsonl', 'inner'), { recursive: true });
  utimesSync(join(spoolDir, 'tenant', 'plan-00aa.urls.jsonl'), LONG_AGO / 1000, LONG_AGO / 1000);
  writeOld(join(spoolDir, 'tenant', 'plan-00ff.urls.jsonl'));
  const failures: unknown[] = [];
  const chore = sweepSpool({ leftovers: leftovers(), spoolDir, graceMs: GRACE_MS, keepMs: 0 });
  expect(await chore((error) => failures.push(error))).toEqual({ spool_files: 1 });
  expect(String(failures)).toContain('plan-00aa.urls.jsonl');
});

it('one of several processes sweeps, and another one takes over when it ends', async () => {
  const turns: string[] = [];
  const start = (name: string) => {
    const chore = async () => {
      turns.push(name);
      return {};
    };
    return startSweeper({ leftovers: leftovers(), chores: [chore], everyMs: 400, emit: () => undefined });
  };
  const [a, b] = [start('a'), start('b')];
  await waitUntil('some turns', () => turns.length >= 3);
  expect(new Set(turns).size).toBe(1);
  const [first, second] = turns[0] === 'a' ? [a, b] : [b, a];
  await first.close();
  turns.length = 0;
  await waitUntil('turns of the other', () => turns.length >= 2);
  await second.close();
  expect(await layer.redis.exists(indexKeys.sweeper)).toBe(0);
  expect(existsSync(folder)).toBe(true);
});
