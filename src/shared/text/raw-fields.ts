/** Cuts a JSON object into its fields, and keeps their values as they are written. */
import { COMMA, QUOTE, stringEnd, valueEnd } from './json-scan.ts';
import { isJsonObject } from './is-json-object.ts';

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

/** Null: the text is no JSON object. */
export function rawFieldsOrNull(text: string): Map<string, string> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? rawFields(text) : null;
  } catch {
    return null;
  }
}

function afterSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}
