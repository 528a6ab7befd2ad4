/**
 * Pairs two sequences of rows by id, whatever their orders. It sorts them with bounded memory, and returns the pairs in
 * the order of the first sequence.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSorter } from '../datasets/files/external-sort.ts';
import { sortableWhole } from '../text/sortable-whole.ts';

export interface Pair {
  readonly left: string;
  /** Null: no row of the other sequence has the id. */
  readonly right: string | null;
}

export interface IdJoin {
  /** `payload`: any text, which comes back with the pair. */
  addLeft(id: string, payload: string): Promise<void>;
  addRight(id: string, payload: string): Promise<void>;
  /** In the order in which the left rows were added. Call it once, after all rows were added. */
  pairs(): AsyncGenerator<Pair>;
  /** Frees the temporary files. Always call it. */
  close(): Promise<void>;
}

export interface IdJoinOptions {
  /** The folder of the temporary files. */
  readonly dir: string;
  /** Rows that are sorted in memory. */
  readonly maxInMemory: number;
}

const IN_MEMORY = 50_000;

/** For readers that have no data folder. */
export const SORT_IN_TMP: IdJoinOptions = { dir: tmpdir(), maxInMemory: IN_MEMORY };

/** Sorts in the data folder of the API. */
export function sortIn(dataDir: string): IdJoinOptions {
  return { dir: join(dataDir, 'sort'), maxInMemory: IN_MEMORY };
}

/** Rows with the same id are paired in order. If an id is very frequent, only its first rows are paired. */
const SAME_ID = 1_000;

/** Sorts right rows before the left rows with the same id, so that a left row finds its partner. */
const RIGHT = '0';
const LEFT = '1';
const FIELD = '\u0000';

export function createIdJoin(options: IdJoinOptions): IdJoin {
  const byId = createSorter(options);
  const inOrder = createSorter(options);
  let added = 0;

  async function add(side: string, id: string, payload: string): Promise<void> {
    await byId.add([escaped(id), side + sortableWhole(added++), escaped(payload)].join(FIELD));
  }

  async function pairUp(): Promise<void> {
    let id: string | null = null;
    let waiting: string[] = [];
    for await (const record of byId.sorted()) {
      const [of = '', place = '', payload = ''] = record.split(FIELD);
      if (of !== id) waiting = [];
      id = of;
      if (place.startsWith(RIGHT)) {
        if (waiting.length < SAME_ID) waiting.push(payload);
        continue;
      }
      const right = waiting.shift();
      await inOrder.add([place, payload, ...(right === undefined ? [] : [right])].join(FIELD));
    }
  }

  return {
    addLeft: async (id, payload) => add(LEFT, id, payload),
    addRight: async (id, payload) => add(RIGHT, id, payload),
    async *pairs() {
      await pairUp();
      for await (const record of inOrder.sorted()) {
        const [, left = '', right] = record.split(FIELD);
        yield { left: unescaped(left), right: right === undefined ? null : unescaped(right) };
      }
    },
    async close() {
      await byId.close();
      await inOrder.close();
    },
  };
}

/** Marks a text with characters outside Latin-1, which is written as UTF-16. */
const WIDE = '\u0001u';
/** Characters that the records and the sorter use themselves. */
const SPECIAL: Readonly<Record<string, string>> = { '\u0001': 'a', [FIELD]: 'b', '/': 'c' };
const PLAIN = new Map(Object.entries(SPECIAL).map(([plain, letter]) => [letter, plain]));

/** The sorter takes Latin-1 without slashes. */
function escaped(text: string): string {
  const isLatin = !OTHERS.test(text);
  const latin = isLatin ? text : Buffer.from(text, 'utf16le').toString('latin1');
  // oxlint-disable-next-line no-control-regex -- these are the ones that need an escape
  const plain = latin.replaceAll(/[\u0000\u0001/]/g, (found) => `\u0001${SPECIAL[found]}`);
  return isLatin ? plain : WIDE + plain;
}

const OTHERS = /[\u0100-\uffff]/;

function unescaped(text: string): string {
  const isWide = text.startsWith(WIDE);
  const latin = (isWide ? text.slice(WIDE.length) : text).replaceAll(
    // oxlint-disable-next-line no-control-regex -- see escaped
    /\u0001([abc])/g,
    (_, letter: string) => PLAIN.get(letter)!,
  );
  return isWide ? Buffer.from(latin, 'latin1').toString('utf16le') : latin;
}
