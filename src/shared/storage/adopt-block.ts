/**
 * Adopts an existing part. It was written by a run of this job that died before its commit, or by the job that this one
 * resumes. The rows must be those of the block. Unless the proof is `owned`, the bytes must be those that one of the
 * job's runs announced.
 */
import { rowCount, rowId, rowIndex, type NamedRows } from '../domain/block.ts';
import type { PartFacts } from '../domain/part-record.ts';
import { ForebayError } from '../errors.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Output, PartProof } from './output.ts';
import { partName } from './output-names.ts';
import { mergeRows, readBlock, type PublishedBlock } from './read-part.ts';
import { counted } from '../text/counted.ts';

/** A part, and the job that writes or adopts it. */
export interface PartOfJob {
  readonly output: Output;
  readonly job: string;
  /** The number of the part. */
  readonly part: number;
  readonly sink: Sink;
}

/** The proof for a part, given the hashes that runs of its block announced. */
export function proofOf(
  spec: { readonly v: number; readonly resume: boolean },
  announced: readonly string[],
): PartProof {
  return spec.resume || spec.v < 2 ? 'owned' : { hashes: announced };
}

/** The rows on storage are not those of the dataset. */
export class RowsDiffer extends Error {
  override readonly name = 'RowsDiffer';
}

/**
 * Moves the errors of a part to their final name and returns what the part holds. Null if there is no part. `rows` may
 * be a function, which lists them only if there is a part. Throws RowsDiffer, and the errors of the listing. Throws
 * ForebayError `output_changed` if the part is damaged, is a link, or is not covered by the proof.
 */
export async function adoptBlock(
  { output, job, part, sink }: PartOfJob,
  rows: NamedRows | (() => Promise<NamedRows>),
  proof: PartProof,
): Promise<PartFacts | null> {
  let found = await readBlock(output, part, sink);
  if (!found) return null;
  if (!isProven(found, proof)) throw foreignPart(output, partName(part, sink.format));
  const expected = typeof rows === 'function' ? await rows() : rows;
  if (found.counts.succeeded + found.counts.failed < rowCount(expected) && found.errorsHash === null) {
    await output.placeErrors(job, part, found.partHash);
    found = (await readBlock(output, part, sink))!;
  }
  await checkRows(found, part, expected, sink);
  return found.facts();
}

export function isProven(found: PublishedBlock, proof: PartProof): boolean {
  return proof === 'owned' || proof.hashes.includes(found.partHash);
}

function foreignPart({ place }: Output, name: string): ForebayError {
  return new ForebayError(
    'output_changed',
    `This job did not write ${name} in ${place}: somebody added or changed the file. Remove it ` +
      'and submit the job again with if_output_exists "resume", or use another output.',
  );
}

async function checkRows(found: PublishedBlock, part: number, rows: NamedRows, sink: Sink): Promise<void> {
  const stored = await mergeRows(found);
  const ids = new Map(stored.map((row) => [row.index, row.id]));
  const total = stored.length;
  const expected = rowCount(rows);
  if (total !== expected || ids.size !== total) {
    throw new RowsDiffer(
      `block ${part} has ${counted(total, 'row')} on storage and ${expected} in the dataset`,
    );
  }
  for (let at = 0; at < expected; at++) {
    const index = rowIndex(rows, at);
    const id = rowId(rows, at);
    const there = ids.get(index);
    // Errors are JSONL, which stores every id as it is.
    if (there !== id && there !== sink.storedId(id)) {
      throw new RowsDiffer(`row ${index} is "${there ?? 'missing'}" on storage and "${id}" in the dataset`);
    }
  }
}
