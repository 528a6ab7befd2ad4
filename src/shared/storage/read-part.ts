/** Reads published parts and errors. A part is one block, so it fits in memory. */
import { z } from 'zod';
import type { PartFacts } from '../domain/part-record.ts';
import { ERROR_CODES, ForebayError } from '../errors.ts';
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
  readonly partHash: string;
  readonly errorsHash: string | null;
  /** What the record of the part holds. Rejects with ForebayError `output_changed`. */
  facts(): Promise<PartFacts>;
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
  const counts = {
    succeeded: await understood(path, () => sink.count(part)),
    failed: errors === null ? 0 : countLines(errors),
  };
  const failedRows = async (bytes: Buffer) =>
    understood(output.pathOf(errorsName(block)), async () => parseLines(bytes));
  const [partHash, errorsHash] = [sha256(part), errors === null ? null : sha256(errors)];
  return {
    counts,
    results: async () => understood(path, async () => sink.decode(part)),
    errors: async () => (errors === null ? [] : failedRows(errors)),
    partHash,
    errorsHash,
    facts: async () => ({
      ...counts,
      bytes: part.length,
      sha256: partHash,
      errors: errors && {
        bytes: errors.length,
        sha256: errorsHash!,
        codes: codesOf(await failedRows(errors)),
      },
    }),
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

const FAILED_ROW = z.object({ error: z.object({ code: z.enum(ERROR_CODES) }) });

/** Codes that this version does not know count as `internal`. */
function codesOf(rows: readonly StoredRow[]): Record<string, number> {
  const codes: Record<string, number> = {};
  for (const { text } of rows) {
    const code = FAILED_ROW.safeParse(JSON.parse(text)).data?.error.code ?? 'internal';
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return codes;
}

/** Names the file in the error of a sink. Rejects with ForebayError `output_changed`. */
export async function understood<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/** The same for a stream of rows. */
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
