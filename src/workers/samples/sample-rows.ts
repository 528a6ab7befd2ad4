/**
 * Runs sample rows for a plan through the ordinary reader, batcher and lanes for about a second, the same few
 * rows again and again, and says how fast they went. Publishes and commits nothing. Jobs that run meanwhile
 * share the lanes with it, as they do with each other.
 */
import { createAlarm } from '../../shared/process/alarm.ts';
import { locateRow } from '../../shared/datasets/locate.ts';
import type { JobOptions } from '../../shared/domain/job.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { SampleReply, SampleRequest, SampleRequests } from '../../shared/queue/sample-requests.ts';
import type { Wake } from '../../shared/queue/wake.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { RowAnswer } from '../intake/row-answer.ts';
import type { BudgetedReader } from '../intake/read/budgeted-reader.ts';
import { createSampleRecord } from './sample-record.ts';

/** Lost wake-ups cost an asker at most this. */
const SWEEP_MS = 1_000;
/** A slow model gets longer than was asked, but no more: its asker waits. */
const MAX_MS = 5_000;
/** Looks whether lanes want more at least this often. */
const FEED_MS = 20;

export type Sampler = ReturnType<typeof createSampler>;

export function createSampler(deps: {
  id: string;
  requests: SampleRequests;
  wake: Wake;
  reader: BudgetedReader;
  batcher: Batcher;
  groupOf: (queue: string, options: Pick<JobOptions, 'batch_size' | 'decode' | 'top_k'>) => BatchGroup | null;
  lanesOf: (queue: string) => number;
  /** Blocks of jobs in hand. */
  blocksInHand: () => number;
  log: Logger;
}) {
  const { id, requests, batcher, log } = deps;
  const stopping = new AbortController();
  const asked = createAlarm();
  const fed = createAlarm();
  let mayBring = false;
  const undo = deps.wake.on('sample', (worker) => worker === id && asked.ring());

  async function serve(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        for (let request; (request = await requests.take(id)) !== null;) {
          const reply = await sample(request).catch((error: unknown) => noSample(messageOf(error)));
          await requests.answer(id, request.id, reply);
        }
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ error: messageOf(error) }, 'no sample answered');
      }
      await asked.wait(SWEEP_MS, stopping.signal);
    }
  }

  async function sample(request: SampleRequest): Promise<SampleReply> {
    const { queue, options, dataset } = request;
    const group = deps.groupOf(queue, options);
    const lanes = deps.lanesOf(queue);
    if (!group || lanes === 0) return noSample('this worker does not serve the model now');
    // Somebody else's server answers a row once, not as often as fits into a second.
    const once = request.rows.some((row) => locateRow(dataset, row).kind === 'url');
    const run = createSampleRecord({ rows: request.rows.length, lanes, startedAt: performance.now() });
    const abort = AbortSignal.any([stopping.signal, AbortSignal.timeout(MAX_MS)]);
    const inHand = new Set<Promise<void>>();
    let begun = 0;

    const one = async (row: RowRef): Promise<void> => {
      // Rejects on abort only.
      const read = await Promise.resolve(deps.reader.read(request, row, { signal: abort })).catch(() => null);
      if (!read?.ok) {
        batcher.callOff(group);
        if (read) run.unread(read.error);
        return;
      }
      try {
        run.fetched(read);
        run.answered(await new Promise<RowAnswer>((answer) => batcher.submit(group, read.input, answer)));
      } finally {
        read.release();
      }
    };
    const beginBlock = (): void => {
      const left = once ? request.rows.length - begun : options.block_rows;
      const size = Math.min(options.block_rows, left);
      batcher.expect(group, size);
      for (let i = 0; i < size; i++) {
        const row = one(request.rows[begun++ % request.rows.length]!).finally(() => {
          inHand.delete(row);
          fed.ring();
        });
        inHand.add(row);
      }
    };

    mayBring = true;
    try {
      while (!abort.aborted && !run.measured(request.ms) && !(once && begun >= request.rows.length)) {
        run.beside(deps.blocksInHand());
        if (batcher.blocksWanted(queue) > 0) beginBlock();
        else await fed.wait(FEED_MS, abort);
      }
    } finally {
      mayBring = false;
    }
    // What is in hand leaves as it is. Where the rows ran out, it belongs to the measurement.
    batcher.pump();
    const reply = once ? null : run.reply(begun);
    await Promise.race([Promise.all(inHand), aborted(abort)]);
    return reply ?? run.reply(begun);
  }

  const serving = serve();
  return {
    /** Lanes may want more rows. */
    ring: (): void => fed.ring(),
    /** Whether a sample still brings rows. */
    get mayBring(): boolean {
      return mayBring;
    },
    async stop(): Promise<void> {
      undo();
      stopping.abort();
      await serving;
    },
  };
}

function noSample(problem: string): SampleReply {
  return {
    rate: null,
    rows: 0,
    passes: 0,
    lanes: 0,
    meanRowBytes: null,
    stageMs: {},
    failedRows: 0,
    errors: [],
    blocksBeside: 0,
    problem,
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
