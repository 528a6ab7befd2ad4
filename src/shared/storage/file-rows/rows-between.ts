/** Looks up rows of a compacted output by their indexes, without reading results. */
import { readRange, type ByteFile } from '../../datasets/bytes/byte-file.ts';
import { fileRowsName } from '../file-names.ts';
import { inFile } from '../in-file.ts';
import type { Output } from '../output.ts';
import { parseRowLine, type RecordedRow } from '../row-record.ts';
import { parseHead, parseSection } from './file-rows.ts';

/** Larger than the first line of any section. */
const HEAD_BYTES = 16 * 1024;

const { signal: never } = new AbortController();

/**
 * The rows of a task with indexes from `first` to `end` - 1, in any order. Reads only the sections that can have them.
 * Null: the job has not recorded its rows, or the record is damaged.
 */
export async function rowsBetween(
  output: Output,
  job: string,
  task: number,
  first: number,
  end: number,
): Promise<RecordedRow[] | null> {
  return inFile(output, fileRowsName(task), async (file) => {
    const found: RecordedRow[] = [];
    const head = await lineAt(file, 0);
    if (head === null || parseHead(head.text)?.job !== job) return null;
    for (let at = head.end; at < file.size;) {
      const line = await lineAt(file, at);
      const section = line && parseSection(line.text);
      if (line === null || section === null) return null;
      const { range, bytes } = section;
      at = line.end + bytes;
      if (at > file.size) return null;
      if (range[1] < first || range[0] >= end) continue;
      const text = (await readRange(file, { from: at - bytes, to: at }, never)).toString('utf8');
      for (const row of text.split('\n').slice(0, -1).map(parseRowLine)) {
        if (row === null) return null;
        if (row.index >= first && row.index < end) found.push(row);
      }
    }
    return found;
  });
}

/** The line at an offset, and the offset of the next one. Null: there is none, or it is too long. */
async function lineAt(
  file: ByteFile,
  at: number,
): Promise<{ readonly text: string; readonly end: number } | null> {
  const bytes = await readRange(file, { from: at, to: Math.min(file.size, at + HEAD_BYTES) }, never);
  const end = bytes.indexOf(10);
  return end < 0 ? null : { text: bytes.toString('utf8', 0, end), end: at + end + 1 };
}
