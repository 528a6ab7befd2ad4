/**
 * A dataset with slices. Each slice names the rows of an earlier output whose results it may take over. Only a worker
 * reads the rows, so the worker decides which of them have changed.
 */
import { z } from 'zod';
import { rowCount, rowId, type NamedRows } from '../domain/block.ts';
import type { Cursor } from '../domain/dataset-spec.ts';
import { gatherEarlier, type EarlierRow } from '../domain/earlier-rows.ts';
import type { DatasetSource, Slice } from '../datasets/source.ts';
import { openSliceMatcher, type FoundRow, type MatchPosition, type MatchSources } from './match-slices.ts';

export type SlicedSource = DatasetSource & Required<Pick<DatasetSource, 'slices' | 'names'>>;

export interface SliceDeltaOptions extends Omit<MatchSources, 'idsFrom' | 'signal'> {
  /** All rows are computed. */
  readonly recompute: boolean;
}

const COUNT = z.int().min(0);
const PLACE = z.tuple([COUNT, z.string()]);
/**
 * The cursor of the dataset, the position of the matcher, and where the dataset continues at its base: the cursor of a
 * slice, and the row.
 */
const AT = z.tuple([
  z.string(),
  z.array(COUNT),
  z.int().min(-1),
  z.tuple([PLACE.nullable(), COUNT]).nullable(),
]);

/** Rows whose names are read at once. */
const NAMES_AT_ONCE = 4_096;

export function createSliceDelta(given: SlicedSource, options: SliceDeltaOptions): SlicedSource {
  function judge(found: FoundRow | null): EarlierRow {
    if (found === null) return { is: 'new' };
    if (found.failed) return { is: 'failed' };
    if (!found.isKnown || options.recompute) return { is: 'changed' };
    return { is: 'taken', part: found.part, hash: found.hash, index: found.index };
  }

  /** `start`: the cursor of a slice that begins at the row or before it. */
  async function* idsFrom(start: Cursor | null, row: number, signal: AbortSignal): AsyncGenerator<string> {
    for await (const slice of given.slices(start, () => NAMES_AT_ONCE, signal)) {
      const names = await namesOf(slice, signal);
      for (let at = Math.max(0, row - slice.firstRow); at < slice.rows; at++) yield rowId(names, at);
    }
  }

  async function namesOf(
    { firstRow, rows: count, ref, check }: Slice,
    signal: AbortSignal,
  ): Promise<NamedRows> {
    return given.names({ firstRow, count, ref, check }, signal);
  }

  return {
    ...given,
    async *slices(from, sizeAt, signal, skipped) {
      const saved = from === null ? null : AT.parse(JSON.parse(from.at));
      const start = saved === null ? null : { ...from!, at: saved[0] };
      /** The cursor of the slice that holds the base. */
      let baseCursor: Cursor | null = cursorOf(saved?.[3]?.[0] ?? null);
      let sliceCursor = start;
      const position: MatchPosition | null =
        saved === null ? null : { parts: saved[1], last: saved[2], base: saved[3]?.[1] ?? null };
      const isSorted = () => matcher.position().base !== null;
      const sources = {
        ...options,
        idsFrom: (row: number) => idsFrom(baseCursor, row, signal),
        signal,
      };
      const matcher = await openSliceMatcher(sources, position, from?.index ?? 0);
      try {
        for await (const slice of given.slices(start, sizeAt, signal, skipped)) {
          signal.throwIfAborted();
          const names = await namesOf(slice, signal);
          if (!isSorted()) baseCursor = sliceCursor;
          const rows: EarlierRow[] = [];
          for (let at = 0; at < rowCount(names); at++) rows.push(judge(await matcher.next(rowId(names, at))));
          const { parts, last, base } = matcher.position();
          const place = baseCursor === null ? null : ([baseCursor.index, baseCursor.at] as const);
          const at = JSON.stringify([slice.cursor.at, parts, last, base === null ? null : [place, base]]);
          sliceCursor = slice.cursor;
          yield { ...slice, cursor: { ...slice.cursor, at }, earlier: gatherEarlier(rows) };
        }
      } finally {
        await matcher.close();
      }
    },
  };
}

function cursorOf(place: z.infer<typeof PLACE> | null): Cursor | null {
  return place === null ? null : { index: place[0], at: place[1] };
}
