/**
 * The rows of an ended output in the order of its dataset, read lazily and in constant memory. Rows that a retry ran
 * again occur in several parts. Each is returned once, with its latest outcome.
 */
import { ForebayError } from '../errors.ts';
import { sinkOf } from '../sinks/sink-of.ts';
import type { Delta } from '../domain/job/delta.ts';
import { SORT_IN_TMP, type IdJoinOptions } from '../delta/id-join.ts';
import { sortableWhole } from '../text/sortable-whole.ts';
import { fileRows } from './file-rows/open-file-rows.ts';
import type { Output } from './output.ts';
import { outputJobs } from './output-jobs.ts';
import { partNumber, recordName } from './output-names.ts';
import { compactedBy, manifestParts, readManifest, type ManifestPart } from './read-manifest.ts';
import { readBlock } from './read-part.ts';
import { parseRowRecord, type RecordedRow } from './row-record.ts';

export interface EarlierRecord extends RecordedRow {
  /**
   * The number of its part, and that part's SHA-256. In a compacted output, the number of its task, and the place of
   * its section (see encodePlace).
   */
  readonly part: number;
  readonly hash: string;
  /** Keys of a dataset's rows ascend. */
  readonly key: string;
}

export interface EarlierReader {
  /** Null at the end. Rejects with ForebayError `output_changed` or the errors of the storage. */
  next(): Promise<EarlierRecord | null>;
  /**
   * The part or the task that each job of the output has reached. A reader that continues there returns the latest row
   * again.
   */
  position(): number[];
  close(): Promise<void>;
}

/** Parts that are read ahead, so that the storage's latency does not add up. */
const READ_AHEAD = 8;

/** The key of a row of the output. */
export type KeyOfRow = (row: RecordedRow) => string;

/** The order of the rows in the output itself. A retry keeps the indexes of its rows. */
export const BY_INDEX: KeyOfRow = ({ index }) => sortableWhole(index);

/**
 * `keyOf`: the key by which rows ascend. `from`: a position to continue from. Null: the beginning. `sort`: where rows of
 * a partitioned output are sorted. Rejects with ForebayError `output_changed` if another job has written to the output
 * meanwhile.
 */
export async function openEarlierRows(
  output: Output,
  earlier: Pick<Delta, 'job' | 'table'>,
  keyOf: KeyOfRow,
  from: readonly number[] | null = null,
  sort: IdJoinOptions = SORT_IN_TMP,
): Promise<EarlierReader> {
  const manifest = await readManifest(output);
  const jobs = manifest === null ? [] : outputJobs(manifest);
  if (jobs.at(-1)?.job !== earlier.job) throw changed(output, earlier.job);
  const streams =
    compactedBy(manifest) === null
      ? jobs.map(({ first_part: first }, i) => {
          const end = jobs[i + 1]?.first_part ?? Infinity;
          return openStream(output, earlier, keyOf, { first: Math.max(first, from?.[i] ?? 0), end });
        })
      : jobs.map(({ job }, i) => openFiles(output, job, keyOf, from?.[i] ?? 0, sort));
  await Promise.all(streams.map(async (stream) => stream.advance()));
  /** The latest row stays the head of its streams, so that the position is before it. */
  let latest: EarlierRecord | null = null;

  return {
    async next() {
      for (const stream of streams)
        if (latest !== null && stream.head?.key === latest.key) await stream.advance();
      let found: EarlierRecord | null = null;
      for (const { head } of streams) {
        if (head === null || (found !== null && head.key > found.key)) continue;
        // Later jobs have run only rows that failed before.
        if (found === null || head.key < found.key || !head.failed || found.failed) found = head;
      }
      latest = found;
      return found;
    },
    position: () => streams.map(({ part }) => part),
    async close() {
      await Promise.all(streams.map(async (stream) => stream.close()));
    },
  };
}

interface PartRange {
  readonly first: number;
  readonly end: number;
}

/** The rows of one job of the output. */
interface RowStream {
  /** Null at the end. */
  readonly head: EarlierRecord | null;
  /** The part or task of the head. */
  readonly part: number;
  advance(): Promise<void>;
  close(): Promise<void>;
}

/** The rows of one job of a compacted output. */
function openFiles(
  output: Output,
  job: string,
  keyOf: KeyOfRow,
  task: number,
  sort: IdJoinOptions,
): RowStream {
  const rows = fileRows(output, job, task, sort);
  let head: EarlierRecord | null = null;
  let part = task;
  return {
    get head() {
      return head;
    },
    get part() {
      return part;
    },
    async advance() {
      const { value: row } = await rows.next();
      head = row === undefined ? null : { ...row, part: row.task, hash: row.place, key: keyOf(row) };
      part = row?.task ?? part;
    },
    async close() {
      await rows.return();
    },
  };
}

function openStream(
  output: Output,
  earlier: Pick<Delta, 'table'>,
  keyOf: KeyOfRow,
  range: PartRange,
): RowStream {
  const parts = manifestParts(output);
  const ahead: Promise<PartRows>[] = [];
  let listed = false;
  let current: PartRows = { number: range.first, hash: '', rows: [] };
  let at = 0;
  let head: EarlierRecord | null = null;

  async function fill(): Promise<void> {
    while (!listed && ahead.length < READ_AHEAD) {
      const { value: part, done } = await parts.next();
      const number = part === undefined ? null : partNumber(part.name);
      if (done === true || (number !== null && number >= range.end)) listed = true;
      if (listed || number === null || number < range.first) continue;
      const reading = readRows(output, earlier, number, part!);
      // Avoids an unhandled rejection while earlier parts are read.
      reading.catch(() => {});
      ahead.push(reading);
    }
  }

  return {
    get head() {
      return head;
    },
    get part() {
      return current.number;
    },
    async advance(): Promise<void> {
      while (at === current.rows.length) {
        await fill();
        const next = ahead.shift();
        if (next === undefined) {
          head = null;
          return;
        }
        current = await next;
        at = 0;
      }
      const row = current.rows[at++]!;
      head = { ...row, part: current.number, hash: current.hash, key: keyOf(row) };
    },
    async close(): Promise<void> {
      await parts.return();
      await Promise.allSettled(ahead);
    },
  };
}

interface PartRows {
  readonly number: number;
  readonly hash: string;
  readonly rows: readonly RecordedRow[];
}

async function readRows(
  output: Output,
  earlier: Pick<Delta, 'table'>,
  number: number,
  { sha256: hash, errors }: ManifestPart,
): Promise<PartRows> {
  return { number, hash, rows: await rowsOfPart(output, earlier, number, hash, errors !== null) };
}

/** The rows of a published part. `hash`: its SHA-256. */
export async function rowsOfPart(
  output: Output,
  of: Pick<Delta, 'table'>,
  number: number,
  hash: string,
  mayHaveErrors: boolean,
): Promise<readonly RecordedRow[]> {
  const record = await output.read(recordName(number, hash));
  const rows = record === null ? null : parseRowRecord(record);
  return rows ?? unrecordedRows(output, of, number, mayHaveErrors);
}

/** The rows of a part without a row record, such as one of an older version. Their versions are not known. */
async function unrecordedRows(
  output: Output,
  earlier: Pick<Delta, 'table'>,
  number: number,
  mayHaveErrors: boolean,
): Promise<RecordedRow[]> {
  const block = await readBlock(output, number, sinkOf(earlier), mayHaveErrors);
  if (block === null) return [];
  const rows = (await block.results()).map(({ index, id }) => ({ index, id, version: null, failed: false }));
  const failed = (await block.errors()).map(({ index, id }) => ({ index, id, version: null, failed: true }));
  return [...rows, ...failed].sort((a, b) => a.index - b.index);
}

function changed({ place }: Output, job: string): ForebayError {
  return new ForebayError(
    'output_changed',
    `The earlier output ${place} is no longer what job ${job} wrote, so its results cannot be taken over. ` +
      'Submit the delta job again.',
  );
}
