/** Many short texts in one. A message with one long text costs a fifth of a message with a thousand objects. */

export interface PackedTexts {
  readonly text: string;
  /** Where each text ends. */
  readonly ends: Uint32Array;
}

export function packTexts(texts: readonly string[]): PackedTexts {
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (const [i, { length }] of texts.entries()) ends[i] = end += length;
  return { text: texts.join(''), ends };
}

export function unpackTexts<T>({ text, ends }: PackedTexts, toItem: (text: string) => T): T[] {
  const items: T[] = [];
  let start = 0;
  for (const end of ends) {
    items.push(toItem(text.slice(start, end)));
    start = end;
  }
  return items;
}
