/** Searches an earlier output for the rows that a delta job has not found. */
import { createIdJoin, type IdJoinOptions } from '../../../shared/delta/id-join.ts';
import type { EarlierReader, EarlierRecord } from '../../../shared/storage/earlier-rows.ts';

export interface VanishedSearch {
  /** Call it with the id of each row of the job, in order. */
  found(id: string): Promise<void>;
  /** Writes what is left, and returns the number of vanished rows. */
  end(): Promise<number>;
  close(): Promise<void>;
}

type Left = Pick<EarlierReader, 'next'>;

export interface VanishedLines {
  add(row: Pick<EarlierRecord, 'index' | 'id'>): Promise<void>;
  /** Returns the number of lines. */
  end(): Promise<number>;
}

const FLUSH_CHARS = 1 << 16;

/** A JSON line per row. */
export function createVanishedLines(write: (text: string) => Promise<void>): VanishedLines {
  let text = '';
  let count = 0;
  async function flush(): Promise<void> {
    const written = text;
    text = '';
    await write(written);
  }
  return {
    async add({ index, id }) {
      text += `${JSON.stringify({ index, id })}\n`;
      count += 1;
      if (text.length >= FLUSH_CHARS) await flush();
    },
    async end() {
      await flush();
      return count;
    },
  };
}

/** For rows whose keys ascend on both sides. `isWhole`: the job has looked at all rows of its dataset. */
export async function searchInOrder(
  left: Left,
  keyOf: (id: string) => string,
  lines: VanishedLines,
  isWhole: boolean,
): Promise<VanishedSearch> {
  let head = await left.next();
  return {
    async found(id) {
      const key = keyOf(id);
      for (; head !== null && head.key < key; head = await left.next()) await lines.add(head);
      if (head?.key === key) head = await left.next();
    },
    async end() {
      for (; isWhole && head !== null; head = await left.next()) await lines.add(head);
      return lines.end();
    },
    close: async () => {},
  };
}

/** For rows in any order. Sorts them only from the first difference on. */
export async function searchAnyOrder(
  left: Left,
  sort: IdJoinOptions,
  lines: VanishedLines,
): Promise<VanishedSearch> {
  const join = createIdJoin(sort);
  let head = await left.next();
  let isSame = true;
  return {
    async found(id) {
      isSame &&= head?.id === id;
      if (isSame) head = await left.next();
      // Without rows on the other side, nothing can have vanished.
      else if (head !== null) await join.addRight(id, '');
    },
    async end() {
      for (; head !== null; head = await left.next()) {
        if (isSame) await lines.add(head);
        else await join.addLeft(head.id, `${head.index} ${head.id}`);
      }
      for await (const { left: row, right } of join.pairs()) {
        const space = row.indexOf(' ');
        if (right === null) await lines.add({ index: Number(row.slice(0, space)), id: row.slice(space + 1) });
      }
      return lines.end();
    },
    close: async () => join.close(),
  };
}
