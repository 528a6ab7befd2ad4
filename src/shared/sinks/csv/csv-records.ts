/** Reads the CSV that the sink writes, and nothing else. For example, a bare quote means that the part is damaged. */
import { MalformedPart } from '../sink.ts';

const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** The number of records, without reading values. Throws MalformedPart. */
export function countRecords(part: Buffer): number {
  let records = 0;
  let isQuoted = false;
  for (let at = 0; at < part.length; at++) {
    const byte = part[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === NEWLINE && !isQuoted) records += 1;
  }
  if (isQuoted || part.at(-1) !== NEWLINE) throw new MalformedPart('it ends within a record');
  return records;
}

/** The values of each record, null where they are empty. Throws MalformedPart. */
export function* csvRecords(text: string): Generator<(string | null)[], void, undefined> {
  let at = 0;
  while (at < text.length) {
    const values: (string | null)[] = [];
    for (;;) {
      const { value, end } = text[at] === '"' ? quotedValue(text, at) : plainValue(text, at);
      values.push(value);
      at = end + 1;
      if (text[end] === '\n') break;
      if (text[end] !== ',')
        throw new MalformedPart('a value is followed by neither a comma nor a line break');
    }
    yield values;
  }
}

interface Read {
  readonly value: string | null;
  readonly end: number;
}

function plainValue(text: string, start: number): Read {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n') {
    if (text[end] === '"' || text[end] === '\r') throw new MalformedPart('a value needs quotes');
    end += 1;
  }
  return { value: end === start ? null : text.slice(start, end), end };
}

function quotedValue(text: string, start: number): Read {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] === '"') continue;
    return { value: text.slice(start + 1, at).replaceAll('""', '"'), end: at + 1 };
  }
  throw new MalformedPart('a quote is not closed');
}
