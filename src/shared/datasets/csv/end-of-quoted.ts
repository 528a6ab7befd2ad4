/** Finds where a record with quoted cells ends. */

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/** The text ends inside quotes. */
export const INSIDE = -1;
/** The text ends outside quotes, but the record may go on. */
export const OUTSIDE = -2;
/** A quote is where none may be, or text follows a quoted cell. */
export const WRONG = -3;

/** Returns the offset after the line break that ends the record at `from`. Looks only at bytes before `limit`. */
export function endOfQuoted(view: Uint8Array, from: number, limit: number, delimiter: number): number {
  let at = from;
  for (;;) {
    if (at < limit && view[at] === QUOTE) {
      at = endOfCell(view, at + 1, limit);
      if (at < 0) return INSIDE;
      if (view[at] === CR && at + 1 < limit) at += view[at + 1] === LF ? 1 : 0;
      else if (view[at] === CR) return OUTSIDE;
    } else {
      while (at < limit && view[at] !== delimiter && view[at] !== LF) if (view[at++] === QUOTE) return WRONG;
    }
    if (at >= limit) return OUTSIDE;
    const byte = view[at++];
    if (byte === LF) return at;
    if (byte !== delimiter) return WRONG;
  }
}

/** Returns the offset after the closing quote, or -1. `from`: after the opening quote. */
function endOfCell(view: Uint8Array, from: number, limit: number): number {
  for (let at = from; at < limit; at++) {
    if (view[at] !== QUOTE) continue;
    if (at + 1 >= limit || view[at + 1] !== QUOTE) return at + 1;
    at += 1;
  }
  return -1;
}
