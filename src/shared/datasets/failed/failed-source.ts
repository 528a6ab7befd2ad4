/**
 * The failed rows of an output in row order, read from its errors files. They are the dataset of a retry, and each keeps
 * its index. The files belong to an ended job, so every reader sees the same rows.
 */
import { z } from 'zod';
import { CURSOR, type Cursor, type DatasetSpec, type GivenDataset } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { ForebayError, messageOf } from '../../errors.ts';
import type { Output } from '../../storage/output.ts';
import { errorsName, errorsNumber } from '../../storage/output-names.ts';
import { shownPath } from '../../stores/remote-url.ts';
import { BAD_NAME, invalidAt } from '../row-reference.ts';
import type { DatasetSource, SourceRow } from '../source.ts';

type FailedSpec = Extract<DatasetSpec, { type: 'failed' }>;

const FAILED_ROW = z.object({
  index: z.int().min(0),
  id: z.string(),
  error: z.object({ code: z.string(), message: z.string() }),
});
type FailedRow = z.infer<typeof FAILED_ROW>;

/** How far a read has come: the errors file, how many of its lines are done, and the cursor in the original dataset. */
const AT = z.tuple([z.int(), z.int(), CURSOR.nullable()]);

/** `output`: the output with the errors files. `openGiven` opens the original dataset. It is needed if the id of a row does not give its location. */
export function createFailedSource(
  spec: FailedSpec,
  output: Output,
  openGiven: (of: GivenDataset) => DatasetSource,
): DatasetSource {
  return {
    async *read(from, signal) {
      const [file, done, behind] = from === null ? [spec.first, 0, null] : AT.parse(JSON.parse(from.at));
      const finder = createFinder(spec.of, openGiven, behind, signal);
      let index = from?.index ?? 0;
      try {
        for (const number of await errorsFiles(output, spec, file)) {
          const rows = await readErrors(output, number);
          for (const [line, row] of rows.entries()) {
            if (number === file && line < done) continue;
            signal.throwIfAborted();
            const found = await finder.find(row);
            const at = JSON.stringify([number, line + 1, found.behind]);
            yield { row: found.row, cursor: { index: ++index, at } };
          }
        }
      } finally {
        await finder.close();
      }
    },
    async count(limit, signal) {
      let rows = 0;
      for (const number of await errorsFiles(output, spec, spec.first)) {
        signal.throwIfAborted();
        if (rows >= limit) break;
        rows += (await readErrors(output, number)).length;
      }
      return Math.min(rows, limit);
    },
  };
}

/** The numbers of the job's errors files from `first` on, in order. */
async function errorsFiles(output: Output, spec: FailedSpec, first: number): Promise<number[]> {
  const names = await reading(output.place, async () => output.names());
  const numbers = names.flatMap((name) => errorsNumber(name) ?? []);
  return numbers.filter((n) => n >= first && n < spec.end).sort((a, b) => a - b);
}

/** Files of an output folder are untrusted input. A malformed line fails the whole read. */
async function readErrors(output: Output, number: number): Promise<FailedRow[]> {
  const name = errorsName(number);
  return reading(output.pathOf(name), async () => {
    const bytes = await output.read(name);
    if (bytes === null) throw new Error('the file is gone');
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line) => FAILED_ROW.parse(JSON.parse(line)));
  });
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new ForebayError(
      'input_unreadable',
      `Cannot read the failed rows in ${path}: ${messageOf(error)}.`,
      {
        cause: error,
      },
    );
  }
}

interface Finder {
  find(row: FailedRow): Promise<{ row: RowRef; behind: Cursor | null }>;
  close(): Promise<void>;
}

/**
 * Finds the bytes of a failed row. In folders and lists of URLs, the id of a row is its location. For all other
 * datasets, the location comes from reading the original list again.
 */
function createFinder(
  of: GivenDataset,
  openGiven: (of: GivenDataset) => DatasetSource,
  behind: Cursor | null,
  signal: AbortSignal,
): Finder {
  if (of.type === 'files' || of.type === 'urls') {
    return {
      async find({ index, id, error }) {
        // The id of a name that is not UTF-8 lacks the name's bytes, so the row stays invalid. All other rows are read
        // again, because their content may be new. `locateRow` refuses an invalid path or URL again.
        const isBadName = error.code === 'invalid_row' && error.message === BAD_NAME;
        const at = isBadName ? invalidAt(BAD_NAME) : undefined;
        return { row: { id, at, index }, behind: null };
      },
      close: async () => undefined,
    };
  }
  const list = of.type === 'inline' ? of.spool : shownPath(of.path);
  let given: AsyncIterator<SourceRow> | null = null;
  return {
    async find({ index, id }) {
      given ??= openGiven(of).read(behind, signal)[Symbol.asyncIterator]();
      for (;;) {
        const next = await given.next();
        if (next.done) throw changed(list, index, id, 'missing');
        const { row, cursor } = next.value;
        if (cursor.index <= index) continue;
        if (row.id !== id) throw changed(list, index, id, `"${row.id}"`);
        return { row: { ...row, index }, behind: cursor };
      }
    },
    async close() {
      await given?.return?.();
    },
  };
}

function changed(path: string, index: number, id: string, now: string): ForebayError {
  return new ForebayError(
    'dataset_changed',
    `${path} changed after the output was made: row ${index} was "${id}" and is now ${now}. Submit it as a new job.`,
  );
}
