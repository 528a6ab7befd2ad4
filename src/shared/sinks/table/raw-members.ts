/**
 * Cuts JSON into its members without parsing their values. So whole numbers of any size stay as they are, and long lists
 * of numbers cost one pass over their text.
 */
import { InvariantError } from '../../errors.ts';
import {
  CLOSE_LIST,
  COMMA,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  stringEnd,
  valueEnd,
} from '../../text/json-scan.ts';

const COLON = 0x3a;

/** `text`: an object without its braces and without white space between its parts, as lanes write it. */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const nameEnd = text.charCodeAt(at) === QUOTE ? stringEnd(text, at) : at;
    if (text.charCodeAt(nameEnd) !== COLON) throw notCompact(text, at);
    const end = valueEnd(text, nameEnd + 1);
    if (end < 0 || (end < text.length && text.charCodeAt(end) !== COMMA)) throw notCompact(text, at);
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
  const end = valueEnd(text, 1);
  if (end < 0) throw notCompact(text, 0);
  return text.slice(1, end);
}

function notCompact(text: string, at: number): InvariantError {
  return new InvariantError(`a result is not compact JSON: ${text.slice(at, at + 40)}`);
}
