/**
 * Cuts JSON into its members without parsing their values. So whole numbers of any size stay as they are, and long lists
 * of numbers cost one pass over their text.
 */
import { InvariantError } from '../../errors.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** `text`: an object without its braces and without white space between its parts, as lanes write it. */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const nameEnd = text.charCodeAt(at) === QUOTE ? stringEnd(text, at) : at;
    if (text.charCodeAt(nameEnd) !== COLON) throw notCompact(text, at);
    const end = valueEnd(text, nameEnd + 1);
    if (end < text.length && text.charCodeAt(end) !== COMMA) throw notCompact(text, at);
    members.set(JSON.parse(text.slice(at, nameEnd)) as string, text.slice(nameEnd + 1, end));
    at = end + 1;
  }
  return members;
}

/** The members of an object with its braces. Null if the text is not an object. */
export function rawObject(text: string): Map<string, string> | null {
  return text.charCodeAt(0) === OPEN_OBJECT ? rawMembers(text.slice(1, -1)) : null;
}

/** The first item of a list. Null if the list is empty, or the text is not a list. */
export function firstItem(text: string): string | null {
  if (text.charCodeAt(0) !== OPEN_LIST || text.charCodeAt(1) === CLOSE_LIST) return null;
  return text.slice(1, valueEnd(text, 1));
}

/** Where the value that begins at `start` ends. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth += 1;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (code === COMMA && depth === 0) return at;
  }
  return text.length;
}

/** The position after the closing quote of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at + 1;
  }
  throw notCompact(text, start);
}

function notCompact(text: string, at: number): InvariantError {
  return new InvariantError(`a result is not compact JSON: ${text.slice(at, at + 40)}`);
}
