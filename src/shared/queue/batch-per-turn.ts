/**
 * Calls of one turn of the event loop become one call of Redis: blocks that begin or end together cost one script,
 * not one each. Knows nothing of what is asked.
 */

/** Most that one call carries: it holds Redis up for as long as it takes. */
const MOST = 64;

/**
 * `send`: gets all items of a key that came in one turn, in order, and answers each in that order. What it throws,
 * each of them gets.
 */
export function batchPerTurn<Item, Answer>(
  send: (key: string, items: readonly Item[]) => Promise<readonly Answer[]>,
): (key: string, item: Item) => Promise<Answer> {
  interface Gathering {
    readonly items: Item[];
    readonly answers: Promise<readonly Answer[]>;
  }
  const gathering = new Map<string, Gathering>();

  function begin(key: string): Gathering {
    const items: Item[] = [];
    const answers = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      if (gathering.get(key)?.items === items) gathering.delete(key);
      return send(key, items);
    });
    const begun = { items, answers };
    gathering.set(key, begun);
    return begun;
  }

  return async function ask(key, item) {
    let into = gathering.get(key);
    if (!into || into.items.length >= MOST) into = begin(key);
    const at = into.items.push(item) - 1;
    return (await into.answers)[at]!;
  };
}
