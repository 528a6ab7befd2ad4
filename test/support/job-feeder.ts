// Feeders of jobs on a real Redis and real folders, which a test steps by hand, and the runs of their blocks.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { createJobFeeder, type JobFeeder } from '#forebay/api/feeder/feed-job.js';
import { createFinaliser } from '#forebay/api/feeder/manifest/finalise-job.js';
import { createJobBlocks } from '#forebay/api/feeder/job-blocks.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import type { DatasetSource } from '#forebay/shared/datasets/source.js';
import { listedRows } from '#forebay/shared/domain/block.js';
import { firstPart, type JobSpec } from '#forebay/shared/domain/job/job.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { BegunRun } from '#forebay/shared/queue/blocks/block-runs.js';
import { blockQueueName } from '#forebay/shared/queue/keys.js';
import { sinkOf } from '#forebay/shared/sinks/sink-of.js';
import type { Outputs } from '#forebay/shared/storage/output.js';
import { partRecordOf } from '#forebay/shared/storage/part-index/part-record-of.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { makeSpec, type QueueLayer } from './queue.ts';
import { SERVED } from './served-model.ts';

export const ok: RowOutcome = { ok: true, result: '"predictions":[]' };
export const bad: RowOutcome = { ok: false, error: { code: 'decode_failed', message: 'x' } };

export interface FeederChoices {
  readonly spec?: Partial<Omit<JobSpec, 'options'>>;
  readonly options?: Partial<JobSpec['options']>;
  readonly source?: (real: DatasetSource) => DatasetSource;
  readonly liveLanes?: () => Promise<number>;
  readonly maxRows?: number | null;
  readonly queueLimit?: number;
  /** The rows are not counted before they are fed. */
  readonly uncounted?: true;
  /** An existing output. */
  readonly output?: string;
  readonly outputs?: Outputs;
}

export function useJobFeeders(layer: QueueLayer) {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-feeder-'));
  const feeders: JobFeeder[] = [];
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await Promise.all(feeders.splice(0).map(async (feeder) => feeder.close()));
  });

  async function feederOf(rows: number, choices: FeederChoices = {}) {
    const base = mkdtempSync(join(folder, 'job-'));
    const path = join(base, 'rows.txt');
    writeFileSync(path, Array.from({ length: rows }, (_, i) => `row-${i}`).join('\n'));
    const output = choices.output ?? join(base, 'out');
    mkdirSync(output, { recursive: true });
    const dataset = { type: 'manifest' as const, path, base };
    const { options } = choices;
    const spec = makeSpec({ dataset, ...choices.spec, output, ...(options && { options }) });
    await layer.make(spec, choices.uncounted ? null : rows);
    return { ...(await open(spec, choices)), output };
  }

  /** A feeder that takes the lease of the job. */
  async function open(spec: JobSpec, choices: FeederChoices) {
    const { source = (real) => real, liveLanes = async () => 1, maxRows = null } = choices;
    const outputs = choices.outputs ?? layer.outputs;
    const { id } = spec;
    const lease = randomUUID();
    const queue = blockQueueName(spec.model);
    await layer.window.holdLease(id, lease, 60_000);
    const blocks = createJobBlocks({ ...layer, spec, queue, lease });
    const finalise = createFinaliser({
      ...layer,
      outputs,
      spool: { discard: async () => {}, spooledBytes: async () => 0 },
    });
    const feeder = createJobFeeder({
      ...layer,
      spec,
      lease,
      blocks,
      emit: () => undefined,
      service: async () => ({ ...SERVED, lanes: await liveLanes() }),
      source: source(openDataset(spec.dataset)),
      output: outputs.of(spec.output),
      signal: new AbortController().signal,
      configuredQueueLimit: choices.queueLimit,
      maxRows,
      finalise: async (record) => finalise(record, lease),
    });
    feeders.push(feeder);
    const record = async () => layer.jobs.mustGet(id);
    /** The feeder of another process. This one loses the lease. */
    const next = async () => {
      await layer.window.dropLease(id, lease);
      return open(spec, choices);
    };
    return { id, spec, lease, queue, feeder, finalise, record, next };
  }

  /** Publishes a part as a worker does: stages it, asks for permission, and links it. */
  async function publishRun(id: string, block: number, run: BegunRun, outcomes: RowOutcome[], token: string) {
    const { output } = run.spec;
    const rows = listedRows(run.block);
    const packed = [packOutcomes(outcomes)];
    const part = {
      output: layer.outputs.of(output),
      job: id,
      part: firstPart(run.spec) + block,
      sink: sinkOf(run.spec),
    };
    const toPublish = { ...part, rows, outcomes: packed, token };
    return publishBlock(toPublish, async (hash) => {
      const permit = await layer.window.announcePart(id, { block, token, hash, output });
      return permit.may ? { hashes: permit.announced } : null;
    });
  }

  /**
   * Commits everything in the window, as workers would. The first `failed` rows of each block are errors. `older`: the
   * workers leave no records.
   */
  async function commitWindow(id: string, failed = 0, older: (block: number) => boolean = () => false) {
    for (const [block, entry] of await layer.window.entries(id, await layer.window.blocks(id))) {
      const token = randomUUID();
      const run = await layer.window.beginRun(id, block, entry.generation, token);
      if (!run) continue;
      const outcomes = listedRows(run.block).rows.map((_, i) => (i < failed ? bad : ok));
      const facts = (await publishRun(id, block, run, outcomes, token))!;
      const record = older(block) ? null : partRecordOf(firstPart(run.spec) + block, run.block, facts);
      await layer.window.commit(id, block, token, facts, {}, record);
    }
  }

  async function runToEnd(job: { readonly id: string; readonly feeder: JobFeeder }): Promise<void> {
    for (let i = 0; i < 100; i++) {
      if (await job.feeder.step().catch(() => false)) return;
      await commitWindow(job.id);
    }
    throw new Error('the job did not end in 100 steps');
  }

  return { folder, feederOf, publishRun, commitWindow, runToEnd };
}
