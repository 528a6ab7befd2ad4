/** What the bytes of a cell stand for. */

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const TAB = 0x09;
/** The bit that makes the code of a capital letter that of the lower-case letter. */
const LOWER_CASE = 0x20;
const LOWER_E = 0x65;

/** Whether the bytes are exactly a number of JSON. */
export function isNumber(bytes: Uint8Array, from: number, to: number): boolean {
  let at = bytes[from] === MINUS ? from + 1 : from;
  const first = at;
  at = afterDigits(bytes, at, to);
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return false;
  if (at < to && bytes[at] === POINT) {
    const decimals = at + 1;
    at = afterDigits(bytes, decimals, to);
    if (at === decimals) return false;
  }
  if (at < to && (bytes[at]! | LOWER_CASE) === LOWER_E) {
    const digits = bytes[at + 1] === MINUS || bytes[at + 1] === PLUS ? at + 2 : at + 1;
    at = afterDigits(bytes, digits, to);
    if (at === digits) return false;
  }
  return at === to;
}

function afterDigits(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at]! >= ZERO && bytes[at]! <= NINE) at += 1;
  return at;
}

/** Where the value begins after spaces. */
export function afterSpaces(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(bytes[at]!)) at += 1;
  return at;
}

/** Where the value ends before spaces. */
export function beforeSpaces(bytes: Uint8Array, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(bytes[at - 1]!)) at -= 1;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
/** As pandas, R and spreadsheets write them. */
const BOOLEANS: ReadonlyMap<string, Buffer> = new Map([
  ...['true', 'True', 'TRUE'].map((word) => [word, TRUE] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, FALSE] as const),
]);

/** The JSON of a word for true or false. Null for anything else. */
export function booleanOf(bytes: Buffer, from: number, to: number): Buffer | null {
  const length = to - from;
  if (length !== TRUE.length && length !== FALSE.length) return null;
  const first = bytes[from]! | LOWER_CASE;
  if (first !== TRUE[0] && first !== FALSE[0]) return null;
  return BOOLEANS.get(bytes.toString('latin1', from, to)) ?? null;
}
