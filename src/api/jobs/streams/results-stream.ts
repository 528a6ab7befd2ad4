/**
 * A job's rows as NDJSON text, in order, up to the first block that is not committed. At most one block and
 * a chunk of small ones are in memory at a time. A part of JSON lines is passed on unparsed, unless rows have to be
 * selected or merged.
 */
import { firstPart, type JobRecord } from '../../../shared/domain/job/job.ts';
import { isTerminal } from '../../../shared/domain/job/job-state.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { Wake } from '../../../shared/queue/wake.ts';
import type { Output, Outputs } from '../../../shared/storage/output.ts';
import { errorsName, partName } from '../../../shared/storage/output-names.ts';
import { parseLines } from '../../../shared/sinks/jsonl/jsonl-sink.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import type { Sink, StoredRow } from '../../../shared/sinks/sink.ts';
import { isInFiles, outputJobs } from '../../../shared/storage/output-jobs.ts';
import { readManifest } from '../../../shared/storage/read-manifest.ts';
import { mergeRows, readBlock, readPartLines, understood } from '../../../shared/storage/read-part.ts';
import { compactedRows, fileGone } from './compacted-rows.ts';
import { watchJob } from './job-changes.ts';

/** `results`: rows that succeeded. `errors`: rows that failed. `all`: both, in row order. */
export type RowsKind = 'results' | 'errors' | 'all';

export interface RowsRequest {
  readonly kind: RowsKind;
  /** Leaves out rows before this index. */
  readonly fromRow: number;
  /** Waits for the remaining rows until the job ends. */
  readonly follow: boolean;
}

export interface RowsDeps {
  readonly jobs: Pick<JobStore, 'get' | 'watermark'>;
  readonly wake: Pick<Wake, 'on'>;
  readonly outputs: Outputs;
  /** Time between reads if no wake-up arrives, ms. */
  readonly sweepMs?: number;
}

const SWEEP_MS = 1000;
/** Small blocks are sent together, because each chunk of a response has a fixed cost. */
const CHUNK_CHARS = 64 * 1024;

/** The index of the row after the last one that can be read now. A reader continues there later. */
export async function nextRow(
  deps: { readonly jobs: Pick<JobStore, 'watermark'>; readonly outputs: Outputs },
  job: JobRecord,
): Promise<number> {
  const watermark = await deps.jobs.watermark(job.spec.id);
  if (isRetry(job)) return watermark === 0 ? 0 : rowAfter(deps.outputs, job, watermark - 1);
  const rows = watermark * job.spec.options.block_rows;
  return Math.min(rows, job.total ?? rows);
}

/**
 * Throws ForebayError `not_found` if a committed part is gone from the output folder, and `storage_unavailable` if it
 * cannot be read.
 */
export async function* jobRows(
  deps: RowsDeps,
  job: JobRecord,
  request: RowsRequest,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { id, options } = job.spec;
  const output = deps.outputs.of(job.spec.output);
  const changes = watchJob(deps.wake, id, signal);
  // A retry's rows keep their index, so only the lines of a block show which rows it holds.
  const sparse = isRetry(job);
  const offset = firstPart(job.spec);
  const sink = sinkOf(job.spec);
  let block = sparse ? 0 : Math.floor(request.fromRow / options.block_rows);
  /** The row after the last one that was read. */
  let next = request.fromRow;
  try {
    for (;;) {
      // The state is read before the watermark. If the job had ended by then, the watermark is final.
      const record = request.follow ? await deps.jobs.get(id) : null;
      const ended = record === null || isTerminal(record.status);
      const watermark = await deps.jobs.watermark(id);
      let chunk = '';
      for (; block < watermark && !signal.aborted; block += 1) {
        const cut = sparse || request.fromRow > block * options.block_rows ? request.fromRow : 0;
        const text = await blockText(output, offset + block, sink, request.kind, cut);
        if (text === null) {
          if (chunk !== '') yield chunk;
          const gone = fileGone(output.pathOf(partName(offset + block, sink.format)));
          return yield* textOfFiles(deps, job, { ...request, from: next, gone }, signal);
        }
        next = Math.max(next, sparse ? rowAfterText(text) : (block + 1) * options.block_rows);
        chunk += text;
        if (chunk.length >= CHUNK_CHARS) {
          yield chunk;
          chunk = '';
        }
      }
      if (chunk !== '') yield chunk;
      if (ended || signal.aborted) return;
      await changes.wait(deps.sweepMs ?? SWEEP_MS);
    }
  } finally {
    changes.close();
  }
}

/**
 * A client that follows continues after the last row that it has seen. The rows of a partitioned output are not in
 * order, so the client would lose some. Throws ForebayError `output_compacted`.
 */
export function checkOrder({ spec }: JobRecord, { kind, fromRow, follow }: RowsRequest): void {
  if (kind === 'errors' || fromRow === 0 || !follow || spec.compact?.partition_by === undefined) return;
  throw new ForebayError(
    'output_compacted',
    `The output of job ${spec.id} is partitioned by "${spec.compact.partition_by.name}", so its rows no longer come in order ` +
      'and cannot be followed from a row on. Read them from the beginning, or without follow, or read the files.',
  );
}

/** The rows from `from` on, if the parts have become files. Otherwise throws `gone`. */
async function* textOfFiles(
  { jobs, outputs }: RowsDeps,
  job: JobRecord,
  { from, gone, ...request }: RowsRequest & { from: number; gone: ForebayError },
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { spec } = job;
  const output = outputs.of(spec.output);
  if (spec.compact === undefined || !isInFiles(await readManifest(output), spec.id)) throw gone;
  checkOrder(job, request);
  const record = (await jobs.get(spec.id)) ?? job;
  let chunk = '';
  for await (const rows of compactedRows(output, record, from, request.kind === 'all')) {
    if (signal.aborted) return;
    chunk += rows.map(({ text }) => text).join('');
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function isRetry(job: JobRecord): boolean {
  return job.spec.dataset.type === 'failed';
}

/** The row after the last one of a retry's block. */
async function rowAfter(outputs: Outputs, job: JobRecord, block: number): Promise<number> {
  const output = outputs.of(job.spec.output);
  const found = await readBlock(output, firstPart(job.spec) + block, sinkOf(job.spec));
  if (found !== null) return ((await mergeRows(found)).at(-1)?.index ?? -1) + 1;
  const manifest = await readManifest(output);
  // All rows are in files.
  return isInFiles(manifest, job.spec.id) ? (outputJobs(manifest!)[0]?.rows.total ?? 0) : 0;
}

/** The index after that of the last row in these lines. 0 if there are no lines. */
function rowAfterText(text: string): number {
  const last = text.lastIndexOf('\n', text.length - 2) + 1;
  return text === '' ? 0 : (JSON.parse(text.slice(last)) as { index: number }).index + 1;
}

/** `cut`: the first row to keep. 0 keeps the whole block. Null: its part is gone. */
async function blockText(
  output: Output,
  block: number,
  sink: Sink,
  kind: RowsKind,
  cut: number,
): Promise<string | null> {
  try {
    if (kind === 'errors') return await errorsText(output, block, cut);
    if (cut === 0 && kind === 'results') return await readPartLines(output, block, sink);
    const found = await readBlock(output, block, sink);
    if (found === null) return null;
    const rows = kind === 'all' ? await mergeRows(found) : await found.results();
    return textFrom(rows, cut);
  } catch (cause) {
    if (cause instanceof ForebayError) throw cause;
    throw new ForebayError(
      'storage_unavailable',
      `The results in ${output.place} cannot be read now: ${messageOf(cause)}`,
      { cause, retryAfterS: 5 },
    );
  }
}

async function errorsText(output: Output, block: number, cut: number): Promise<string> {
  const name = errorsName(block);
  const errors = await output.read(name);
  if (errors === null) return '';
  if (cut === 0) return errors.toString('utf8');
  const rows = await understood(output.pathOf(name), async () => parseLines(errors));
  return textFrom(rows, cut);
}

function textFrom(rows: readonly StoredRow[], cut: number): string {
  return rows
    .filter((row) => row.index >= cut)
    .map((row) => row.text)
    .join('');
}
