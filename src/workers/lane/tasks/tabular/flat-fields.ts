/** Cuts a record into the bytes around its values, if it is flat: numbers and simple strings, each name once. */

export interface FlatFields {
  readonly fields: readonly {
    readonly name: string;
    /** The bytes from the previous value to this one. */
    readonly before: Uint8Array;
  }[];
  /** The bytes from the last value to the closing brace. */
  readonly end: Uint8Array;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
/** A name and its value. Neither has escapes. Spaces around them belong to the bytes between values. */
const FIELD = /^(\s*"([^"\\]*)"\s*:\s*)("[^"\\]*"|[-+.\w]+)/;

/** Null if the record is not flat. */
export function flatFields(record: Uint8Array): FlatFields | null {
  const text = Buffer.from(record).toString('utf8');
  const fields: { name: string; before: Uint8Array }[] = [];
  const names = new Set<string>();
  let before = /^\s*\{/.exec(text)?.[0] ?? null;
  let at = before?.length ?? 0;
  while (before !== null) {
    const [all, head, name, value] = FIELD.exec(text.slice(at)) ?? [];
    if (all === undefined || !(value!.startsWith('"') || NUMBER.test(value!)) || names.has(name!))
      return null;
    names.add(name!);
    fields.push({ name: name!, before: Buffer.from(before + head!) });
    at += all.length;
    const end = /^\s*([,}])/.exec(text.slice(at));
    if (end === null) return null;
    at += end[0].length;
    if (end[1] === '}') return text.slice(at).trim() === '' ? { fields, end: Buffer.from(end[0]) } : null;
    before = end[0];
  }
  return null;
}
