/** Writes the items of a JSON array, one per line. */

export type AddText = (text: string) => Promise<void>;

/** Text is written in chunks of about this many characters. */
const FLUSH_CHARS = 1 << 16;

export function createListWriter(add: AddText) {
  let text = '';
  let first = true;

  async function flush(): Promise<void> {
    await add(text);
    text = '';
  }

  return {
    async add(item: object): Promise<void> {
      text += `${first ? '' : ','}\n${JSON.stringify(item)}`;
      first = false;
      if (text.length > FLUSH_CHARS) await flush();
    },
    flush,
  };
}
