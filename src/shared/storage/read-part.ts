/** Reads published parts and errors. A part is one block, so it fits in memory. */
import { ForebayError } from '../errors.ts';
import { countLines, parseLines } from '../sinks/jsonl/jsonl-sink.ts';
import { MalformedPart, type Sink, type StoredRow } from '../sinks/sink.ts';
import type { Output } from './output.ts';
import { errorsName, partName } from './output-names.ts';
import { sha256 } from '../text/sha256.ts';

export interface PublishedBlock {
  /** Row counts, without reading the rows. */
  readonly counts: { readonly succeeded: number; readonly failed: number };
  /** Reads the rows that succeeded. Rejects with ForebayError `output_changed`. */
  results(): Promise<StoredRow[]>;
  /** Reads the rows that failed. Rejects with ForebayError `output_changed`. */
  errors(): Promise<StoredRow[]>;
  readonly partBytes: number;
  readonly partHash: string;
  readonly errorsHash: string | null;
}

/**
 * The published files of a block. Null if there is no part. With `mayHaveErrors` false, it does not read the errors
 * file, because no row failed or the caller needs only the part. Rejects with ForebayError `output_changed` for a part
 * that the sink has not written.
 */
export async function readBlock(
  output: Output,
  block: number,
  sink: Sink,
  mayHaveErrors = true,
): Promise<PublishedBlock | null> {
  const name = partName(block, sink.format);
  const part = await output.read(name);
  if (part === null) return null;
  const errors = mayHaveErrors ? await output.read(errorsName(block)) : null;
  const path = output.pathOf(name);
  return {
    counts: {
      succeeded: await understood(path, () => sink.count(part)),
      failed: errors === null ? 0 : countLines(errors),
    },
    results: async () => understood(path, async () => sink.decode(part)),
    errors: async () =>
      errors === null ? [] : understood(output.pathOf(errorsName(block)), async () => parseLines(errors)),
    partBytes: part.length,
    partHash: sha256(part),
    errorsHash: errors === null ? null : sha256(errors),
  };
}

/** The results of a block as JSON lines. Null if there is no part. Rejects as `readBlock` does. */
export async function readPartLines(output: Output, block: number, sink: Sink): Promise<string | null> {
  const name = partName(block, sink.format);
  const part = await output.read(name);
  return part === null ? null : understood(output.pathOf(name), async () => sink.lines(part));
}

/** The results and errors of a block, merged in row order. */
export async function mergeRows(block: PublishedBlock): Promise<StoredRow[]> {
  const results = await block.results();
  if (block.counts.failed === 0) return results;
  return [...results, ...(await block.errors())].sort((a, b) => a.index - b.index);
}

/** Names the file in the error of a sink. Rejects with ForebayError `output_changed`. */
export async function understood<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/** The same for rows that are read one after the other. */
export async function* understoodRows<T>(
  path: string,
  rows: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* rows;
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(path: string, cause: unknown): unknown {
  if (!(cause instanceof MalformedPart)) return cause;
  return new ForebayError(
    'output_changed',
    `${path} is damaged, or somebody has changed it: ${cause.message}. Remove the file and submit the job again with ` +
      'if_output_exists "resume", or use another output.',
    { cause },
  );
}
