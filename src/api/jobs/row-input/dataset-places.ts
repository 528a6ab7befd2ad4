/**
 * Finds the reference of a row by reading the dataset up to it. Remembers cursors on the way, so that searches for
 * later rows, and a search that ran out of time, continue from there.
 */
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import type { Cursor } from '../../../shared/domain/dataset-spec.ts';
import type { RowRef } from '../../../shared/domain/row.ts';
import { createSemaphore } from '../../../shared/process/semaphore.ts';
import { createRecent } from './recent.ts';

/** A row of the dataset. `version`: of the file that has the row. Null for listed rows, which have none. */
export interface PlacedRow {
  readonly row: RowRef;
  readonly version: string | null;
}

/** Rows between two remembered cursors. */
const STEP = 1_000;
/** Cursors per job. Beyond this, every second one is forgotten. */
const MOST_CURSORS = 512;
const KEPT_JOBS = 32;

export function createDatasetPlaces() {
  const jobs = createRecent<ReturnType<typeof createReached>>(KEPT_JOBS);
  return {
    /** Null: the dataset has no such row. Rejects as reading the dataset does. */
    async find(job: string, source: DatasetSource, index: number, signal: AbortSignal) {
      const reached = jobs.of(job, createReached);
      // Searches of one job wait for each other, because the next one can then continue where this one ends.
      return reached.atOnce.use(async () => search(source, index, reached, signal));
    },
  };
}

async function search(
  source: DatasetSource,
  index: number,
  reached: ReturnType<typeof createReached>,
  signal: AbortSignal,
): Promise<PlacedRow | null> {
  signal.throwIfAborted();
  const from = reached.before(index);
  if (source.slices !== undefined) {
    const sizeAt = (row: number) => (row < index ? Math.min(STEP, index - row) : 1);
    for await (const slice of source.slices(from, sizeAt, signal)) {
      reached.keep(slice.cursor);
      if (slice.firstRow !== index) continue;
      return { row: { id: String(index), at: slice.ref }, version: slice.check };
    }
    return null;
  }
  for await (const { row, cursor } of source.read(from, signal)) {
    if (cursor.index % STEP === 0 || cursor.index > index) reached.keep(cursor);
    if (cursor.index > index) return { row, version: null };
  }
  return null;
}

/** The cursors of one dataset. */
function createReached() {
  let cursors: Cursor[] = [];
  return {
    atOnce: createSemaphore(1),
    /** The last known cursor at or before a row. */
    before: (index: number): Cursor | null => cursors.findLast((cursor) => cursor.index <= index) ?? null,
    keep(cursor: Cursor): void {
      const at = cursors.findLastIndex((known) => known.index <= cursor.index);
      if (cursors[at]?.index === cursor.index) return;
      cursors.splice(at + 1, 0, cursor);
      if (cursors.length > MOST_CURSORS) cursors = cursors.filter((_, i) => i % 2 === 1);
    },
  };
}
