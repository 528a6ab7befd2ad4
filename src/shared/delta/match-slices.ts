/**
 * Finds the row of an earlier output for each row of a dataset with slices, by id. As long as both sides have the same
 * ids in the same order, it reads them side by side. From the first difference on, it sorts the rest by id.
 */
import type { EarlierReader, EarlierRecord } from '../storage/earlier-rows.ts';
import { createIdJoin, type IdJoinOptions } from './id-join.ts';

/** What a block needs to know of an earlier row. */
export type FoundRow = Pick<EarlierRecord, 'part' | 'hash' | 'index' | 'failed'> & {
  readonly isKnown: boolean;
};

/** Where matching continues. `base`: the first row that is matched by sorting. Null: none is yet. */
export interface MatchPosition {
  /** See EarlierReader. */
  readonly parts: readonly number[];
  /** Index of the latest earlier row that was matched side by side. -1: none. */
  readonly last: number;
  readonly base: number | null;
}

export interface SliceMatcher {
  /** The earlier row with this id, for the dataset's next row. Null: there is none. */
  next(id: string): Promise<FoundRow | null>;
  position(): MatchPosition;
  close(): Promise<void>;
}

export interface MatchSources {
  /** The earlier rows in the order of their indexes. */
  readonly openEarlier: (parts: readonly number[] | null) => Promise<EarlierReader>;
  /** The ids of the dataset's rows from this row on. */
  readonly idsFrom: (row: number) => AsyncIterable<string>;
  readonly sort: IdJoinOptions;
  readonly signal: AbortSignal;
}

/** `from`: where an earlier matcher stopped. `row`: the next row of the dataset. */
export async function openSliceMatcher(
  { openEarlier, idsFrom, sort, signal }: MatchSources,
  from: MatchPosition | null,
  row: number,
): Promise<SliceMatcher> {
  const earlier = await openEarlier(from?.parts ?? null);
  const join = createIdJoin(sort);
  let last = from?.last ?? -1;
  let head = await earlier.next();
  while (head !== null && head.index <= last) head = await earlier.next();
  let base = from?.base ?? null;
  /** The position in the earlier rows where sorting begins. It is fixed from then on. */
  let parts: readonly number[] | null = base === null ? null : from!.parts;
  let sorted: AsyncGenerator<FoundRow | null> | null = null;
  let at = row;

  async function* matchSorted(first: number): AsyncGenerator<FoundRow | null> {
    for (; head !== null; head = await earlier.next()) {
      signal.throwIfAborted();
      await join.addRight(head.id, encodeFound(head));
    }
    for await (const id of idsFrom(first)) await join.addLeft(id, '');
    let next = first;
    for await (const { right } of join.pairs())
      if (next++ >= row) yield right === null ? null : decodeFound(right);
  }

  return {
    async next(id) {
      const own = at++;
      if (base === null) {
        if (head === null) return null;
        if (head.id === id) {
          const found = { ...head, isKnown: head.version !== null };
          last = head.index;
          head = await earlier.next();
          return found;
        }
        base = own;
        parts = earlier.position();
        row = own;
      }
      sorted ??= matchSorted(base);
      return (await sorted.next()).value ?? null;
    },
    position: () => ({ parts: parts ?? earlier.position(), last, base }),
    async close() {
      await earlier.close();
      await sorted?.return(undefined);
      await join.close();
    },
  };
}

function encodeFound({ part, hash, index, failed, version }: EarlierRecord): string {
  return [part, hash, index, failed ? 1 : 0, version === null ? 0 : 1].join(' ');
}

function decodeFound(text: string): FoundRow {
  const [part, hash = '', index, failed, isKnown] = text.split(' ');
  return { part: Number(part), hash, index: Number(index), failed: failed === '1', isKnown: isKnown === '1' };
}
