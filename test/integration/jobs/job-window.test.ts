// The atomic operations on a job's blocks, on a real Redis: blocks count once (INV-1), the window is bounded (INV-2).
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import { readBlockMap } from '#forebay/shared/queue/blocks/block-map.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { LeaseLost } from '#forebay/shared/queue/jobs/lease.js';
import { useQueueLayer, makeSpec, rowsOf } from '../../support/queue.ts';
import { listedRows } from '#forebay/shared/domain/block.js';
import { NOTHING_SKIPPED } from '#forebay/shared/domain/skipped.js';

const layer = useQueueLayer();

/** A running job with this many blocks in its window, all of generation 1. */
async function runningJob(blocks = 2) {
  const spec = makeSpec();
  const lease = randomUUID();
  await layer.make(spec, blocks * 4);
  await layer.window.holdLease(spec.id, lease, 10_000);
  await layer.jobs.transition(spec.id, 'running');
  const list = Array.from({ length: blocks }, (_, block) => ({ block, rows: rowsOf(block * 4, 4) }));
  await layer.window.reserve(spec.id, lease, list, { index: blocks * 4, at: 'end' });
  await layer.window.nextGeneration(
    spec.id,
    lease,
    list.map((b) => b.block),
  );
  return { spec, id: spec.id, lease };
}

describe('commit', () => {
  it('counts a block once, no matter how often and by whom it is committed', async () => {
    const { id, lease } = await runningJob();
    const run = await layer.window.beginRun(id, 0, 1, 'run-a');
    expect(listedRows(run!.block).rows.map((r) => r.id)).toEqual(['row-0', 'row-1', 'row-2', 'row-3']);
    const counts = { succeeded: 3, failed: 1 };
    expect(await layer.window.commit(id, 0, 'run-a', counts, { rows_computed: 4 })).toBe('counted');
    expect(await layer.window.commit(id, 0, 'run-a', counts, {})).toBe('counted_before');
    expect(await layer.window.commit(id, 0, 'run-b', counts, {})).toBe('counted_before');
    await layer.window.commitFound(id, 0, lease, counts, {});
    const job = await layer.jobs.mustGet(id);
    expect(job).toMatchObject({ succeeded: 3, failed: 1, blocks: { queued: 1, running: 0, done: 1 } });
    expect(await layer.jobs.stats(id)).toEqual({ rows_computed: 4 });
  });

  it('refuses a run that another run has superseded', async () => {
    const { id } = await runningJob();
    await layer.window.beginRun(id, 1, 1, 'zombie');
    const second = await layer.window.beginRun(id, 1, 1, 'second');
    expect(second?.attempts).toBe(2);
    const counts = { succeeded: 4, failed: 0 };
    expect(await layer.window.commit(id, 1, 'zombie', counts, {})).toBe('superseded');
    expect(await layer.window.commit(id, 1, 'second', counts, {})).toBe('counted');
    expect((await layer.jobs.mustGet(id)).succeeded).toBe(4);
  });
});

describe('blocks of one turn of the event loop', () => {
  it('are committed in one call, each independently, with the stats of those that count', async () => {
    const { id, lease } = await runningJob(5);
    for (const block of [0, 1, 2, 3]) await layer.window.beginRun(id, block, 1, `run-${block}`);
    await layer.window.beginRun(id, 1, 1, 'newer');
    const counts = { succeeded: 3, failed: 1 };
    await layer.window.commit(id, 0, 'run-0', counts, { rows_computed: 4 });
    const commit = async (block: number, run: string, stats: Record<string, number>) =>
      layer.window.commit(id, block, run, counts, stats);
    expect(
      await Promise.all([
        commit(0, 'run-0', { rows_computed: 4 }),
        commit(1, 'run-1', { rows_computed: 4 }),
        commit(2, 'run-2', { rows_computed: 4, bytes: 7 }),
        commit(2, 'run-2', { rows_computed: 4 }),
        commit(3, 'run-3', { rows_computed: 4, read_us: 5.4 }),
      ]),
    ).toEqual(['counted_before', 'superseded', 'counted', 'counted_before', 'counted']);
    await layer.window.commitFound(id, 4, lease, counts, { rows_adopted: 4 });
    expect(await layer.jobs.mustGet(id)).toMatchObject({ succeeded: 12, failed: 4, blocks: { done: 4 } });
    expect(await layer.jobs.stats(id)).toEqual({ rows_computed: 12, bytes: 7, read_us: 5, rows_adopted: 4 });
    expect(await layer.window.blocks(id)).toEqual([1]);
  });

  it('are begun in one call, each independently', async () => {
    const { id, lease } = await runningJob(3);
    await layer.window.nextGeneration(id, lease, [1]);
    await layer.window.beginRun(id, 2, 1, 'first');
    await layer.window.leaveRun(id, 2, 'first', { error: 'no luck' });
    const begun = await Promise.all([
      layer.window.beginRun(id, 0, 1, 'a'),
      layer.window.beginRun(id, 1, 1, 'outdated'),
      layer.window.beginRun(id, 2, 1, 'b'),
      layer.window.beginRun(id, 9, 1, 'unknown'),
    ]);
    expect(begun.map((run) => run && [run.block.firstRow, run.attempts, run.died])).toEqual([
      [0, 1, 0],
      null,
      [8, 2, 0],
      null,
    ]);
  });
});

describe('begin', () => {
  it('says whether the job has no further block to begin', async () => {
    const { id, lease } = await runningJob(3);
    const isLast = async (block: number) =>
      (await layer.window.beginRun(id, block, 1, `run-${block}`))?.isLast;
    // The feeder may bring more.
    expect(await isLast(0)).toBe(false);
    await layer.jobs.markFedAll(id, lease, NOTHING_SKIPPED, 12);
    expect(await isLast(1)).toBe(false);
    await layer.window.commit(id, 0, 'run-0', { succeeded: 4, failed: 0 }, {});
    expect(await isLast(2)).toBe(true);
    // This one must run again.
    await layer.window.leaveRun(id, 1, 'run-1', { error: 'no luck' });
    expect(await isLast(2)).toBe(false);
  });

  it('gives no rows for an outdated generation, a committed block or a job that is not running', async () => {
    const { id, lease } = await runningJob();
    await layer.window.nextGeneration(id, lease, [0]);
    expect(await layer.window.beginRun(id, 0, 1, 'old')).toBeNull();
    expect(await layer.window.beginRun(id, 0, 2, 'new')).not.toBeNull();
    await layer.window.commit(id, 0, 'new', { succeeded: 4, failed: 0 }, {});
    expect(await layer.window.beginRun(id, 0, 2, 'late')).toBeNull();
    await layer.jobs.transition(id, 'paused');
    expect(await layer.window.beginRun(id, 1, 1, 'paused')).toBeNull();
  });

  it('does not count a run that was handed back as an attempt', async () => {
    const { id } = await runningJob();
    await layer.window.beginRun(id, 0, 1, 'a');
    expect(await layer.window.leaveRun(id, 0, 'a', 'handedBack')).toBe(true);
    expect((await layer.window.beginRun(id, 0, 1, 'b'))?.attempts).toBe(1);
    expect(await layer.window.leaveRun(id, 0, 'a', { error: 'late' })).toBe(false);
  });
});

describe('reserve', () => {
  it('needs the lease, keeps the order and stores the cursor', async () => {
    const { id, lease } = await runningJob();
    await expect(
      layer.window.reserve(id, 'stranger', [{ block: 2, rows: rowsOf(8, 4) }], { index: 12, at: 'x' }),
    ).rejects.toThrow(LeaseLost);
    // A feeder that repeats a reservation after a lost reply reserves nothing twice.
    expect(
      await layer.window.reserve(id, lease, [{ block: 1, rows: rowsOf(4, 4) }], { index: 8, at: 'end' }),
    ).toBe(0);
    expect(
      await layer.window.reserve(id, lease, [{ block: 2, rows: rowsOf(8, 4) }], { index: 12, at: 'x' }),
    ).toBe(1);
    expect(await layer.window.position(id)).toEqual({
      nextBlock: 3,
      cursor: { index: 12, at: 'x' },
      done: false,
    });
    expect((await layer.window.blocks(id)).sort((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it('reserves nothing while the job is paused', async () => {
    const { id, lease } = await runningJob();
    await layer.jobs.transition(id, 'paused');
    expect(
      await layer.window.reserve(id, lease, [{ block: 2, rows: rowsOf(8, 4) }], { index: 12, at: 'x' }),
    ).toBe(0);
    expect((await layer.window.position(id)).nextBlock).toBe(2);
  });
});

describe('jobs', () => {
  it('change state by compare-and-set, and only along the table of transitions', async () => {
    const { id } = await runningJob();
    expect(await layer.jobs.transition(id, 'completed')).toBeNull();
    expect(await layer.jobs.transition(id, 'cancelling')).toBe('running');
    expect(await layer.jobs.transition(id, 'paused')).toBeNull();
    expect(await layer.jobs.transition(id, 'cancelled')).toBe('cancelling');
    expect((await layer.jobs.events(id, '0-0')).map((e) => JSON.parse(e.data) as unknown)).toEqual([
      { status: 'queued' },
      { status: 'running' },
      { status: 'cancelling' },
      { status: 'cancelled' },
    ]);
  });

  it('have the first uncommitted block as their watermark', async () => {
    const { id } = await runningJob(10);
    expect(await layer.jobs.watermark(id)).toBe(0);
    for (const block of [1, 0, 2, 4]) {
      await layer.window.beginRun(id, block, 1, `r${block}`);
      await layer.window.commit(id, block, `r${block}`, { succeeded: 4, failed: 0 }, {});
    }
    expect(await layer.jobs.watermark(id)).toBe(3);
  });

  it('stay listed while they have a record, however old they are', async () => {
    const old = (n: number) => newJobId(Date.now() - 31 * 24 * 3_600_000, new Uint8Array(16).fill(n));
    const [paused, expired] = [makeSpec({ id: old(1) }), makeSpec({ id: old(2) })];
    const recent = makeSpec();
    for (const spec of [paused, expired, recent]) await layer.make({ ...spec, tenant: 'patient' }, 4);
    await layer.redis.del(jobKeys(expired.id).job);
    await layer.jobs.retire(recent.id);
    for (const tenant of ['patient', null]) {
      const listed = await layer.jobs.list(null, 100, tenant);
      expect(listed).toEqual(expect.arrayContaining([recent.id, paused.id]));
      expect(listed).not.toContain(expired.id);
    }
  });
});

describe('admission', () => {
  it('stops at the limit of accepted jobs and leaves no trace of a refused job', async () => {
    const active = (await layer.jobs.activeIds()).length;
    const spec = makeSpec();
    const job = { spec, total: null, webhookSecret: null, requestKey: null, takesOver: null, lease: null };
    expect(await layer.jobs.create(job, { jobs: active, ofTenant: null })).toEqual({ outcome: 'full' });
    expect(await layer.jobs.get(spec.id)).toBeNull();
    expect(await layer.redis.keys(`*${spec.id}*`)).toEqual([]);
  });
});

describe('the map of blocks', () => {
  it('has the state of each block, also after a job has ended early', async () => {
    const { id, lease } = await runningJob(5);
    const statesOf = async () =>
      (await readBlockMap(layer.redis, id)).ranges.map(
        ({ from, count, state }) => `${from}+${count} ${state}`,
      );
    expect(await statesOf()).toEqual(['0+5 queued']);
    await layer.window.beginRun(id, 0, 1, 'a');
    await layer.window.commit(id, 0, 'a', { succeeded: 4, failed: 0 }, {});
    await layer.window.beginRun(id, 1, 1, 'b');
    await layer.window.beginRun(id, 3, 1, 'c');
    await layer.window.beginRun(id, 3, 1, 'd');
    expect(await statesOf()).toEqual(['0+1 done', '1+1 running', '2+1 queued', '3+1 retrying', '4+1 queued']);
    await layer.window.drop(id, lease, [1, 2, 3, 4]);
    await layer.jobs.transition(id, 'cancelling');
    await layer.jobs.transition(id, 'cancelled');
    expect(await statesOf()).toEqual(['0+1 done', '1+4 not_run']);
  });
});
