/**
 * Measures how fast a few sample rows of a plan are answered. They run repeatedly for about a second, through the
 * ordinary reader, batcher and lanes. Nothing is published or committed. Running jobs share the lanes with a sample, as
 * they do with each other.
 */
import { locateRow } from '../../shared/datasets/locate.ts';
import type { BlockSlice } from '../../shared/domain/block.ts';
import type { RowError, RowRef } from '../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { sum } from '../../shared/math/sum.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import { untilAborted } from '../../shared/process/lifecycle.ts';
import type { SampleReply, SampleRequest } from '../../shared/queue/workers/sample-requests.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader, SliceChunk } from '../intake/read/budgeted-reader.ts';
import type { RowReceiver } from '../intake/row-answer.ts';
import type { LaneRows } from '../lane/lane-rows.ts';
import { createSampleRecord } from './sample-record.ts';

/** A slow model gets longer than requested, but at most this long, because a caller waits. */
const MAX_MS = 5_000;
/** The longest wait for the model to load. The caller waits a little longer than this and MAX_MS together. */
const MAX_LOAD_MS = 8_000;
/** Maximum time between two checks of whether lanes want more rows. */
const FEED_MS = 20;

export interface SampleRunnerDeps {
  reader: BudgetedReader;
  batcher: Batcher;
  /** Loads the model if lanes have unloaded it. Null if this worker does not serve it, or `signal` aborts first. */
  groupOf: (
    queue: string,
    options: SampleRequest['options'],
    tenant: string,
    signal: AbortSignal,
  ) => Promise<BatchGroup | null>;
  lanesOf: (queue: string) => number;
  /** Blocks of jobs that share the lanes. */
  blocksInHand: () => number;
}

export type SampleRunner = ReturnType<typeof createSampleRunner>;

export function createSampleRunner(deps: SampleRunnerDeps) {
  const { reader, batcher } = deps;
  const onRoom = createAlarm();
  let mayBring = false;

  /** Ends early when `stop` aborts. */
  async function run(request: SampleRequest, stop: AbortSignal): Promise<SampleReply> {
    const { queue, options, dataset, rows, slices } = request;
    const group = await deps.groupOf(
      queue,
      options,
      request.tenant,
      AbortSignal.any([stop, AbortSignal.timeout(MAX_LOAD_MS)]),
    );
    const lanes = deps.lanesOf(queue);
    if (!group || lanes === 0) return noSample('this worker does not serve the model now');
    // Rows on remote servers are fetched only once, to spare the servers.
    const once = rows.some((row) => locateRow(dataset, row).kind === 'url');
    const from = { dataset, tenant: request.tenant, input: group.input };
    const distinct = slices.length > 0 ? sum(slices.map(({ count }) => count)) : rows.length;
    const record = createSampleRecord({ rows: distinct, lanes, startedAt: performance.now() });
    const abort = AbortSignal.any([stop, AbortSignal.timeout(MAX_MS)]);
    const inHand = new Set<Promise<void>>();
    let begun = 0;
    let blocks = 0;

    const submitRead = async (reading: BudgetedRead | Promise<BudgetedRead>): Promise<void> => {
      const read = await Promise.resolve(reading).catch((error: unknown) =>
        abort.aborted ? null : ({ ok: false, error: rowError(error) } as const),
      );
      if (!read?.ok) {
        batcher.callOff(group);
        if (read) record.unread(read.error);
        return;
      }
      record.fetched(read);
      await answersOf([read.input], () => read.release?.());
    };
    const answersOf = async (inputs: LaneRows, release: () => void): Promise<void> =>
      new Promise<void>((resolve) => {
        let left = inputs.length;
        const answered: RowReceiver['answered'] = (_, outcomes, batch) => {
          left -= outcomes.ends.length;
          if (left === 0) release();
          record.answered(outcomes, batch);
          if (left === 0) resolve();
        };
        batcher.submit(group, inputs, { answered }, 0);
      });
    const runRow = async (row: RowRef) => submitRead(reader.read(from, row, { signal: abort }));
    const runChunk = async (chunk: SliceChunk): Promise<void> => {
      const { count, whole } = chunk;
      if (whole !== null) return answersOf(whole, () => chunk.release());
      await Promise.all(Array.from({ length: count }, async (_, at) => submitRead(chunk.read(at))));
      chunk.release();
    };
    const runSlice = async (slice: BlockSlice): Promise<void> => {
      const chunks: Promise<void>[] = [];
      let missing = slice.count;
      try {
        for await (const chunk of reader.readSlice(from, slice, { signal: abort })) {
          missing -= chunk.count;
          chunks.push(runChunk(chunk));
        }
      } catch (error) {
        if (!abort.aborted) record.unread(rowError(error));
      }
      for (; missing > 0; missing--) batcher.callOff(group);
      await Promise.all(chunks);
    };
    const begin = (work: Promise<void>): void => {
      const running = work.finally(() => {
        inHand.delete(running);
        onRoom.ring();
      });
      inHand.add(running);
    };
    const beginBlock = (): void => {
      if (slices.length > 0) {
        const slice = slices[blocks++ % slices.length]!;
        batcher.expect(group, slice.count);
        begun += slice.count;
        return begin(runSlice(slice));
      }
      const size = once ? Math.min(options.block_rows, rows.length - begun) : options.block_rows;
      batcher.expect(group, size);
      for (let i = 0; i < size; i++) begin(runRow(rows[begun++ % rows.length]!));
    };

    mayBring = true;
    try {
      while (!abort.aborted && !record.measured(request.ms) && !(once && begun >= rows.length)) {
        record.beside(deps.blocksInHand());
        if (batcher.blocksWanted(queue) > 0) beginBlock();
        else await onRoom.wait(FEED_MS, abort);
      }
    } finally {
      mayBring = false;
    }
    // No more rows follow, so partial batches are sent now. They count in the measurement only if rows run just once.
    batcher.pump();
    const reply = once ? null : record.reply(begun);
    await Promise.race([Promise.all(inHand), untilAborted(abort)]);
    return reply ?? record.reply(begun);
  }

  return {
    run,
    /** To be called when lanes may have room for more rows. */
    ring: (): void => onRoom.ring(),
    /** Whether a running sample may still submit rows. */
    get mayBring(): boolean {
      return mayBring;
    },
  };
}

/** The reply without a measurement. */
export function noSample(problem: string): SampleReply {
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

function rowError(error: unknown): RowError {
  return { code: error instanceof ForebayError ? error.code : 'file_unreadable', message: messageOf(error) };
}
