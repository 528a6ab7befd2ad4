/**
 * Extracts long lists from the bytes of a JSON object, so that their elements can be parsed one by one. It looks only
 * at brackets, strings and commas, and leaves everything else to JSON.parse.
 */

export interface ExtractedList {
  /** Offset after `[`. */
  readonly start: number;
  /** Offset of `]`. */
  readonly end: number;
}

export interface Extracted {
  /** The JSON without the elements of the lists. List `k` is replaced by `[k]`. */
  readonly rest: Buffer;
  readonly lists: readonly ExtractedList[];
}

export interface ListElement {
  readonly start: number;
  readonly end: number;
  /** The approximate number of values in the element. */
  readonly values: number;
}

/**
 * `wanted`: name of a field -> names of its fields whose lists are extracted. Throws SyntaxError for broken JSON that
 * it notices. JSON.parse finds the rest.
 */
export function extractLists(json: Buffer, wanted: ReadonlyMap<string, ReadonlySet<string>>): Extracted {
  const lists: ExtractedList[] = [];
  const walker = new Walker(json, 0);
  walker.space();
  if (walker.sees(OPEN_OBJECT)) {
    walker.object((outer) => {
      const fields = wanted.get(outer);
      if (fields === undefined || !walker.sees(OPEN_OBJECT)) return walker.value();
      return walker.object((inner) => {
        const start = walker.at + 1;
        const isList = fields.has(inner) && walker.sees(OPEN_LIST);
        walker.value();
        if (!isList) return;
        const end = walker.at - 1;
        if (json[end] !== CLOSE_LIST) throw broken(end);
        lists.push({ start, end });
      });
    });
  }
  const pieces: Buffer[] = [];
  let from = 0;
  lists.forEach(({ start, end }, k) => {
    pieces.push(json.subarray(from, start), Buffer.from(String(k)));
    from = end;
  });
  pieces.push(json.subarray(from));
  return { rest: Buffer.concat(pieces), lists };
}

/** Yields the elements in order. Throws SyntaxError. */
export function* elementsOf(json: Buffer, { start, end }: ExtractedList): Generator<ListElement> {
  const walker = new Walker(json.subarray(0, end), start);
  walker.space();
  while (walker.at < end) {
    const first = walker.at;
    const values = walker.value();
    yield { start: first, end: walker.at, values };
    walker.space();
    if (walker.at === end) return;
    walker.expect(COMMA);
    walker.space();
    if (walker.at === end) throw broken(end);
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** No wanted name is longer than this, even when escaped. */
const MAX_NAME_BYTES = 100;

class Walker {
  at: number;
  private readonly json: Buffer;

  constructor(json: Buffer, at: number) {
    this.json = json;
    this.at = at;
  }

  sees(byte: number): boolean {
    return this.json[this.at] === byte;
  }

  expect(byte: number): void {
    if (!this.sees(byte)) throw broken(this.at);
    this.at += 1;
  }

  space(): void {
    while (isSpace(this.json[this.at])) this.at += 1;
  }

  /** Walks an object. `field` is called at each value and must walk past it. */
  object(field: (name: string) => unknown): void {
    this.expect(OPEN_OBJECT);
    this.space();
    if (this.sees(CLOSE_OBJECT)) {
      this.at += 1;
      return;
    }
    for (;;) {
      const name = this.name();
      this.space();
      this.expect(COLON);
      this.space();
      field(name);
      this.space();
      if (this.sees(CLOSE_OBJECT)) break;
      this.expect(COMMA);
      this.space();
    }
    this.at += 1;
  }

  /** Walks past a value and returns approximately how many values it holds. Brackets are counted, not matched. */
  value(): number {
    const { json } = this;
    let depth = 0;
    let values = 1;
    const start = this.at;
    for (; this.at < json.length; this.at++) {
      const byte = json[this.at]!;
      if (byte === QUOTE) {
        this.string();
        this.at -= 1;
      } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        depth += 1;
        values += 1;
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (depth === 0) break;
        depth -= 1;
      } else if (byte === COMMA) {
        if (depth === 0) break;
        values += 1;
      } else if (depth === 0 && isSpace(byte)) break;
      else continue;
      if (depth === 0) {
        this.at += 1;
        return values;
      }
    }
    if (this.at === start || depth > 0) throw broken(this.at);
    return values;
  }

  private name(): string {
    const start = this.at;
    this.expect(QUOTE);
    this.at = start;
    this.string();
    if (this.at - start > MAX_NAME_BYTES) return '';
    // A wanted name may contain escapes.
    return JSON.parse(this.json.toString('utf8', start, this.at)) as string;
  }

  private string(): void {
    const { json } = this;
    for (let at = json.indexOf(QUOTE, this.at + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
      let backslashes = 0;
      while (json[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
      if (backslashes % 2 === 1) continue;
      this.at = at + 1;
      return;
    }
    throw broken(json.length);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function broken(at: number): SyntaxError {
  return new SyntaxError(`Unexpected character at byte ${at}`);
}
