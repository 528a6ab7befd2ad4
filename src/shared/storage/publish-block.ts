/**
 * Publishes the rows of a block exactly once, however many runs try (G1, ADR 2, ADR 8). A run stages its part, checks
 * that its job still owns the output, and publishes it. That is the durable commit. It never overwrites, and it fails
 * if a new owner has discarded the staged files. Errors are staged before the part, under the part's hash. Any process
 * that finds the part gives its errors their final name. So part and errors always come from the same run.
 */
import { setImmediate } from 'node:timers/promises';
import { rowCount, type NamedRows } from '../domain/block.ts';
import { errorsByCode } from '../domain/errors-by-code.ts';
import type { Outcomes } from '../domain/outcomes.ts';
import type { PartFacts } from '../domain/part-record.ts';
import { ForebayError } from '../errors.ts';
import type { EncodedPart } from '../sinks/sink.ts';
import { adoptBlock, type PartOfJob } from './adopt-block.ts';
import type { Output, PartProof } from './output.ts';
import { partName } from './output-names.ts';
import { encodeRowRecord, type RecordedVersions } from './row-record.ts';
import { sha256 } from '../text/sha256.ts';

export interface BlockToPublish extends PartOfJob {
  readonly rows: NamedRows;
  /** The outcomes of all rows, in order. */
  readonly outcomes: readonly Outcomes[];
  /** The token of the run. */
  readonly token: string;
  /** The versions of the rows that are recorded, for a later delta job. Absent or null: none are. */
  readonly records?: RecordedVersions | null;
}

/** Hashing a part of up to this size takes less than a millisecond. */
const LARGE_PART_BYTES = 256 * 1024;

/**
 * Calls `permit` with the hash of the part once it is staged. `permit` returns the proof for an existing part, or why
 * the run may not publish: `superseded` if another run has taken over, null if the job has lost the output. Returns
 * what the published part holds, or null if the run may not publish. Throws ForebayError `output_changed` or
 * `storage_unavailable`.
 */
export async function publishBlock(
  block: BlockToPublish,
  permit: (partHash: string) => Promise<PartProof | 'superseded' | null>,
): Promise<PartFacts | null> {
  const encoded = await block.sink.encode(block.rows, block.outcomes);
  try {
    // The hash of a large part takes milliseconds, and so did its encoding. Lanes get their next batches in between.
    if (encoded.results.length > LARGE_PART_BYTES) await setImmediate();
    return await publishEncoded(block, encoded, permit);
  } finally {
    encoded.release();
  }
}

async function publishEncoded(
  { output, job, part, sink, rows, outcomes, token, records = null }: BlockToPublish,
  { results, errors, failed }: Omit<EncodedPart, 'release'>,
  permit: (partHash: string) => Promise<PartProof | 'superseded' | null>,
): Promise<PartFacts | null> {
  let refused: 'superseded' | null = null;
  const hash = sha256(results);
  const record = records === null ? null : encodeRowRecord(rows, outcomes, records);
  const encoded = { job, part, format: sink.format, token, results, hash, errors, record };
  const published = await output.publish(encoded, async () => {
    const answer = await permit(hash);
    if (answer !== 'superseded') return answer;
    refused = answer;
    return null;
  });
  if (published?.outcome === 'stored') {
    const bytes = Buffer.byteLength(errors);
    const facts = bytes === 0 ? null : { bytes, sha256: sha256(errors), codes: errorsByCode(outcomes) };
    const succeeded = rowCount(rows) - failed;
    return { succeeded, failed, bytes: results.length, sha256: hash, errors: facts };
  }
  // The run is late. If the job has ended, too, no other process cleans up.
  if (published === null) {
    // The run that has taken over may have staged the same errors.
    if (refused === null) await output.dropStaged(job, part, errors === '' ? null : hash);
    return null;
  }
  if (published.outcome === 'gone') throw stagedIsGone(partName(part, sink.format), output);
  const adopted = await adoptBlock({ output, job, part, sink }, rows, published.proof);
  if (!adopted) throw stagedIsGone(partName(part, sink.format), output);
  // The errors have their final name by now, or belong to a part that was not published.
  await output.dropStaged(job, part, errors === '' ? null : hash);
  return adopted;
}

function stagedIsGone(name: string, { place }: Output): ForebayError {
  return new ForebayError(
    'storage_unavailable',
    `The staged file of ${name} in ${place} is gone: the folder was moved, or another job took it over.`,
  );
}
