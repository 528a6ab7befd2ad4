/** Cuts a JSON object into its fields, and keeps their values as they are written. */

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** `text`: a valid JSON object, perhaps with white space. As in JSON.parse, the last field of a name counts. */
export function rawFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = afterSpaces(text, text.indexOf('{') + 1); text.charCodeAt(at) === QUOTE;) {
    const nameEnd = stringEnd(text, at);
    const start = afterSpaces(text, text.indexOf(':', nameEnd) + 1);
    const end = valueEnd(text, start);
    fields.set(JSON.parse(text.slice(at, nameEnd)) as string, text.slice(start, end).trimEnd());
    at = text.charCodeAt(end) === COMMA ? afterSpaces(text, end + 1) : text.length;
  }
  return fields;
}

function afterSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

/** The comma or brace after the value that begins at `start`. */
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
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}
