/**
 * Joins the calls of one turn of the event loop into one, so that blocks that start or end together cost one Redis script.
 * Implemented here, because dataloader would need an instance per job and queue, and code to drop them again
 * (docs/adr/0010-own-pieces.md).
 */

/** Items per call. Redis serves no other client while its script runs. */
const MAX_ITEMS = 64;

/** Bytes after which no further item joins a call, for the same reason. */
const MAX_BYTES = 1024 * 1024;

/**
 * `send` gets all items of a key from one turn, and returns their answers in the same order. If it throws, every caller
 * gets the error. `bytesOf`: needed where items are large.
 */
export function batchPerTurn<Item, Answer>(
  send: (key: string, items: readonly Item[]) => Promise<readonly Answer[]>,
  bytesOf: (item: Item) => number = () => 0,
): (key: string, item: Item) => Promise<Answer> {
  interface Gathering {
    readonly items: Item[];
    bytes: number;
    readonly answers: Promise<readonly Answer[]>;
  }
  const gathering = new Map<string, Gathering>();

  function begin(key: string): Gathering {
    const items: Item[] = [];
    const answers = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      if (gathering.get(key)?.items === items) gathering.delete(key);
      return send(key, items);
    });
    const begun = { items, bytes: 0, answers };
    gathering.set(key, begun);
    return begun;
  }

  return async function ask(key, item) {
    let into = gathering.get(key);
    if (!into || into.items.length >= MAX_ITEMS || into.bytes >= MAX_BYTES) into = begin(key);
    into.bytes += bytesOf(item);
    const at = into.items.push(item) - 1;
    return (await into.answers)[at]!;
  };
}
