/** One JSON object per line. */
import type { PartTable } from '../../domain/job/part-format.ts';
import { createFileBytes } from '../file-bytes.ts';
import { readRecords } from '../read-records.ts';
import { MalformedPart, type Sink, type StoredRow } from '../sink.ts';
import { encodeRows } from '../table/encode-rows.ts';
import { storedRow } from '../table/row-line.ts';
import { replaceLoneSurrogates, wellFormed } from '../../text/lone-surrogates.ts';
import { partLines } from './part-lines.ts';

export const JSONL_SINK: Sink = {
  format: 'jsonl',
  encode: partLines,
  storedId: wellFormed,
  count: countLines,
  decode: async (part) => parseLines(part),
  lines: (part) => part.toString('utf8'),
  openFile() {
    const bytes = createFileBytes();
    return {
      ...bytes,
      async addPart(part) {
        const rows = countLines(part);
        bytes.add(part, rows);
        return rows;
      },
      addRow: ({ text }) => bytes.add(Buffer.from(text), 1),
    };
  },
  async *readFile(file) {
    for await (const records of readRecords(file, { quoted: false })) yield parseLines(records);
  },
  readPiece: async ({ bytes }) => parseLines(bytes),
};

/** With the chosen columns of each row, instead of all fields of its result. */
export function createJsonlSink(table: PartTable): Sink {
  return {
    ...JSONL_SINK,
    async encode(rows, outcomes) {
      const lines: string[] = [];
      const { errors, failed } = await encodeRows(table.columns, rows, outcomes, (index, id, cells) =>
        lines.push(storedRow(table, index, id, cells).text),
      );
      const results = Buffer.from(lines.join(''));
      replaceLoneSurrogates(results);
      return { results, errors, failed, release: () => {} };
    },
  };
}

const NEWLINE = 0x0a;

/** Every line that Forebay writes ends with a newline. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

/** Reads the lines of a part or an errors file. Throws MalformedPart. */
export function parseLines(bytes: Buffer): StoredRow[] {
  const rows: StoredRow[] = [];
  for (const text of bytes.toString('utf8').split('\n')) {
    if (text === '') continue;
    const { index, id } = parseLine(text);
    if (typeof index !== 'number' || typeof id !== 'string') {
      throw new MalformedPart(`line ${rows.length + 1} has no index and id`);
    }
    rows.push({ index, id, text: `${text}\n` });
  }
  return rows;
}

function parseLine(text: string): { index?: unknown; id?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedPart('a line is not JSON', { cause });
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new MalformedPart('a line is not an object');
}
