/** What separates the values of a CSV row. */

const LF = 0x0a;
const QUOTE = 0x22;

/** In this order, the first of those that the header has equally often. */
const USUAL = [',', ';', '\t', '|'] as const;

/** One character of ASCII that is not part of numbers, words or quotes. */
export const DELIMITER = /^[^\w"\r\n\0.+\-\u0080-\uffff]$/;

/** The delimiter of a header, which ends at `end`. A header with none of the usual ones has one column. */
export function delimiterOf(header: Uint8Array): string {
  const counts = new Map<number, number>();
  let isQuoted = false;
  for (const byte of header) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  }
  const countOf = (delimiter: string) => counts.get(delimiter.charCodeAt(0)) ?? 0;
  return USUAL.reduce((best, one) => (countOf(one) > countOf(best) ? one : best), ',');
}

/** Where the header ends: at the first line break outside quotes, or with the text if `isAll`. Null: not in this text. */
export function headerEnd(text: Uint8Array, from: number, isAll: boolean): number | null {
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === LF && !isQuoted) return at;
  }
  return isAll && !isQuoted ? text.length : null;
}
