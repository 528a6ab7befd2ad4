/** Reads the rows of a compacted output in the order of their indexes, in constant memory. */
import { createSorter } from '../../datasets/files/external-sort.ts';
import type { ByteFile } from '../../datasets/bytes/byte-file.ts';
import { rawLines, WHOLE_FILE } from '../../datasets/lines/raw-lines.ts';
import type { RowVersions } from '../../domain/row-versions.ts';
import type { IdJoinOptions } from '../../delta/id-join.ts';
import { SORTABLE_DIGITS, sortableWhole } from '../../text/sortable-whole.ts';
import { fileRowsNumber, ROWS_PREFIX } from '../file-names.ts';
import { inFile } from '../in-file.ts';
import type { Output } from '../output.ts';
import { parseRowLine, type RecordedRow } from '../row-record.ts';
import { encodePlace, parseHead, parseSection, type FileRowsHead } from './file-rows.ts';

/** A row of a compacted output. */
export interface FileRow extends RecordedRow {
  /** The number of the task that has written it. */
  readonly task: number;
  /** Where the section of its piece is. See encodePlace. Empty if there is no result to take over. */
  readonly place: string;
}

/** Ids and values of columns can be long. */
const MOST_LINE_BYTES = 4 * 1024 * 1024;

const { signal: never } = new AbortController();

/**
 * The kind of the versions that the jobs of an output have recorded. Null: there is no record, as in outputs of older
 * versions.
 */
export async function fileRowsKind(output: Output, jobs: readonly string[]): Promise<RowVersions | null> {
  for await (const { name } of output.list(ROWS_PREFIX)) {
    if (fileRowsNumber(name) === null) continue;
    const head = await inFile(output, name, async (file) => {
      const lines = linesOf(file);
      try {
        return await headOf(lines);
      } finally {
        // The file must not be closed while it is read ahead.
        await lines.return();
      }
    });
    if (head && jobs.includes(head.job)) return head.by ?? 'stamp';
  }
  return null;
}

/**
 * The rows of all tasks of a job from `task` on. `sort`: where rows are sorted if a column partitions them. Leaves out
 * rows whose record is gone or damaged. Rejects with the errors of the storage.
 */
export async function* fileRows(
  output: Output,
  job: string,
  task: number,
  sort: IdJoinOptions,
): AsyncGenerator<FileRow, void, undefined> {
  for await (const { name } of output.list(ROWS_PREFIX)) {
    const number = fileRowsNumber(name);
    if (number === null || number < task) continue;
    const file = await output.open(name);
    if (file === null) continue;
    try {
      const lines = linesOf(file);
      const head = await headOf(lines);
      if (head?.job !== job) continue;
      const rows = rowsOfSections(lines, number);
      if (head.ordered) yield* rows;
      else yield* inOrder(rows, sort);
    } finally {
      await file.close();
    }
  }
}

/** Takes the first line. */
async function headOf(lines: AsyncGenerator<FileLine, void, undefined>): Promise<FileRowsHead | null> {
  const { value } = await lines.next();
  return value === undefined ? null : parseHead(value.text);
}

interface FileLine {
  readonly text: string;
  /** The offset of its first byte, and that of the next line. */
  readonly start: number;
  readonly end: number;
}

/** Ends at a line that is too long. */
async function* linesOf(file: ByteFile): AsyncGenerator<FileLine, void, undefined> {
  for await (const lines of rawLines(file, WHOLE_FILE, MOST_LINE_BYTES, never)) {
    for (let at = 0; at < lines.count; at++) {
      const bytes = lines.bytes(at);
      if (bytes === null) return;
      yield { text: bytes.toString('utf8'), start: lines.start(at), end: lines.end(at) };
    }
  }
}

/** Ends where the record is damaged. */
async function* rowsOfSections(
  lines: AsyncGenerator<FileLine, void, undefined>,
  task: number,
): AsyncGenerator<FileRow, void, undefined> {
  let left = 0;
  let place = '';
  for await (const { text, start, end } of lines) {
    if (left === 0) {
      const section = parseSection(text);
      if (section === null) return;
      left = section.rows;
      const bytes = end - start + section.bytes;
      place = section.piece === null ? '' : encodePlace({ at: start, bytes }, section.piece);
      continue;
    }
    const row = parseRowLine(text);
    if (row === null) return;
    left -= 1;
    // Without a piece, the result cannot be taken over.
    yield { ...row, task, ...(row.failed || place === '' ? { version: null, place: '' } : { place }) };
  }
}

async function* inOrder(
  rows: AsyncIterable<FileRow>,
  sort: IdJoinOptions,
): AsyncGenerator<FileRow, void, undefined> {
  const sorter = createSorter(sort);
  try {
    for await (const row of rows) {
      // The sorter takes Latin-1 without slashes.
      const rest = Buffer.from(JSON.stringify(row)).toString('base64url');
      await sorter.add(sortableWhole(row.index) + rest);
    }
    for await (const record of sorter.sorted()) {
      yield JSON.parse(Buffer.from(record.slice(SORTABLE_DIGITS), 'base64url').toString()) as FileRow;
    }
  } finally {
    await sorter.close();
  }
}
