/** Reads rows within the worker's byte budget and a bound on concurrent reads. */
import type { MemberLimits } from '../../../shared/datasets/archive/entry.ts';
import type { ByteFiles } from '../../../shared/datasets/bytes/byte-file.ts';
import { openSlice } from '../../../shared/datasets/open-slice.ts';
import type { RowRecord, SliceRows } from '../../../shared/datasets/slice-rows.ts';
import type { PackedRecords } from '../../../shared/domain/packed-records.ts';
import type { BlockSlice } from '../../../shared/domain/block.ts';
import type { RowError, RowRef } from '../../../shared/domain/row.ts';
import type { LaneRows } from '../../lane/lane-rows.ts';
import type { FileStamp } from '../../../shared/files/file-version.ts';
import type { LaneInput } from '../../lane/messages.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { createSharedClock } from '../shared-clock.ts';
import type { Semaphore } from '../../../shared/process/semaphore.ts';
import { badRecord, errorAt, readsFields } from '../../../shared/rows/record-input.ts';
import type { RowReader, RowsOf } from './row-reader.ts';
import { versionsOf, type RowVersion } from './row-versions.ts';

export type BudgetedRead =
  | {
      readonly ok: true;
      readonly input: LaneInput;
      /** The row's share of the time that reads took. See shared-clock.ts. */
      readonly ms: number;
      /** The row's share of the time that rows waited for the byte budget. */
      readonly blockedMs: number;
      /** Call when the row's bytes are no longer needed. Null if the row takes none of the budget. */
      readonly release: (() => void) | null;
      /** See RowRead. */
      readonly joined?: Uint8Array;
      readonly version?: string;
      readonly stamp?: FileStamp;
      readonly place?: string;
    }
  | { readonly ok: false; readonly error: RowError; readonly place?: string };

type Fetched = Parameters<RowReader['fetch']>[1];
type Abort = Pick<AbortController, 'signal'>;

export interface SliceChunk extends Pick<SliceRows, 'count' | 'ids' | 'joined'> {
  /** All rows, if they can go to a lane as they are. Else null. */
  readonly whole: LaneRows | null;
  /** The records of `whole` as JSON. */
  readonly packed: PackedRecords | null;
  /** Reads the row at this position. Rejects only on abort and with StoreOutage. */
  read(at: number): BudgetedRead | Promise<BudgetedRead>;
  /** Adds what only the chunk knows to the error of the row at this position. */
  readonly explain: (at: number, error: RowError) => RowError;
  /** The versions of its rows by content. */
  versions(): RowVersion[];
  /** Call when no row of the chunk needs its bytes any more. */
  release(): void;
  /** Call when all rows have been answered, so that nobody has their bytes. The memory is then used again. */
  recycle(): void;
}

export interface BudgetedReader {
  /**
   * Does not wait for the budget if nothing is fetched, because lanes have their own budgets for local files. Rejects
   * only on abort and with StoreOutage. Takes a controller, because reading its signal is slow (ADR 15) and only a
   * fetch needs the signal.
   */
  read(rows: RowsOf, row: RowRef, abort: Abort): BudgetedRead | Promise<BudgetedRead>;
  /** The same for a record that came with a request. */
  readRecord(rows: RowsOf, record: RowRecord, abort: Abort): BudgetedRead | Promise<BudgetedRead>;
  /**
   * Yields the rows of a slice in chunks, in order. Waits for the byte budget before each chunk. Throws as openSlice
   * does.
   */
  readSlice(rows: RowsOf, slice: BlockSlice, abort: Abort): AsyncIterable<SliceChunk>;
  /** Counts bytes that a block keeps until it is published. Call the result when it no longer does. */
  readonly keep: (bytes: number) => () => void;
}

export function createBudgetedReader(deps: {
  reader: RowReader;
  files: ByteFiles;
  limits: MemberLimits;
  budget: ByteBudget;
  atOnce: Semaphore;
}): BudgetedReader {
  const { reader, budget } = deps;
  const clock = createSharedClock();

  async function fetch(rows: RowsOf, location: Fetched, signal: AbortSignal): Promise<BudgetedRead> {
    const booking = await budget.admit();
    let ms = 0;
    try {
      const end = clock.start();
      const read = await reader.fetch(rows, location, signal).finally(() => (ms = end()));
      if (!read.ok) {
        booking.release();
        return read;
      }
      booking.settle(read.bytes);
      return { ...read, ms, blockedMs: booking.blockedMs, release: booking.release };
    } catch (error) {
      booking.release();
      throw error;
    }
  }

  function toRead(
    rows: RowsOf,
    located: ReturnType<RowReader['locate']>,
    abort: Abort,
  ): BudgetedRead | Promise<BudgetedRead> {
    if ('fetch' in located) return deps.atOnce.use(async () => fetch(rows, located.fetch, abort.signal));
    return located.ok ? { ok: true, input: located.input, ms: 0, blockedMs: 0, release: null } : located;
  }

  return {
    read: (rows, row, abort) => toRead(rows, reader.locate(rows, row), abort),
    keep: budget.keep,
    readRecord: (rows, record, abort) => toRead(rows, reader.locateRecord(rows, record, null), abort),
    async *readSlice(rows, slice, abort) {
      const { dataset } = rows;
      const base = 'base' in dataset ? dataset.base : null;
      const fileField = readsFields(rows.input) ? rows.input : null;
      const options = { limits: deps.limits, fileField };
      const chunks = openSlice(deps.files, dataset, slice, abort.signal, options);
      try {
        for (;;) {
          const booking = await budget.admit();
          const next = await chunks.next().catch((error: unknown) => {
            booking.release();
            throw error;
          });
          if (next.done) return booking.release();
          const chunk = next.value;
          const { count, ids } = chunk;
          booking.settle(chunk.bytes);
          // Packing images would take long, and nobody would read them.
          const isWhole = !readsFields(rows.input);
          const joined = chunk.joined && once(() => chunk.joined!());
          yield {
            count,
            ids,
            get whole() {
              return isWhole ? (chunk.columns ?? chunk.packed) : null;
            },
            get packed() {
              return isWhole ? chunk.packed : null;
            },
            read: (at) => toRead(rows, reader.locateRecord(rows, chunk.record(at), base), abort),
            explain(at, error) {
              // A lane cannot say why the row is not a valid record.
              const found = error.code === 'invalid_row' ? chunk.record(at) : null;
              if (found?.ok === false) return badRecord(found);
              return errorAt(chunk.place?.(at), error);
            },
            versions: () => versionsOf(chunk, rows.input, joined?.() ?? null),
            ...(joined && { joined }),
            release: booking.release,
            recycle: () => chunk.recycle?.(),
          };
        }
      } finally {
        // The caller may stop early, and the file must be closed.
        await chunks.return(undefined);
      }
    },
  };
}

/** The columns are made from records that are gone after the first call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
