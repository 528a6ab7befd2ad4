/**
 * Counts a part that is there already: of a run of this job that died before its commit, or of the job that this one
 * resumes. Its rows must be the block's, and where the job has a proof, its bytes must be what a run of it announced.
 */
import { link } from 'node:fs/promises';
import { rowIndex, type BlockRows } from '../domain/block.ts';
import { ForebayError } from '../errors.ts';
import { errorsName, outputFolder, partName, stagedErrorsName } from './output-folder.ts';
import { mergeLines, readBlock, type PublishedBlock } from './read-part.ts';

export interface BlockCounts {
  readonly succeeded: number;
  readonly failed: number;
}

/** What says that a part is of this job. */
export type PartProof =
  /** It is one of those that runs of the job announced. */
  | { readonly hashes: readonly string[] }
  /**
   * The output is the job's, and whoever owned it before was its predecessor: a resumed job adopts what that one left.
   * Also of jobs of version 1, whose runs announced nothing.
   */
  | 'owned';

/** What proves a part of a block, given what the block's runs announced. */
export function proofOf(
  spec: { readonly v: number; readonly resume: boolean },
  announced: readonly string[],
): PartProof {
  return spec.resume || spec.v < 2 ? 'owned' : { hashes: announced };
}

/** The rows on storage are not the dataset's. */
export class RowsDiffer extends Error {
  override readonly name = 'RowsDiffer';
}

/**
 * Counts of the part, its errors put in place; null where there is none. `part`: its number. Throws RowsDiffer, and
 * ForebayError `output_changed` for a part that the proof does not cover.
 */
export async function adoptBlock(
  folder: string,
  job: string,
  part: number,
  rows: BlockRows,
  proof: PartProof,
): Promise<BlockCounts | null> {
  let found = await readBlock(folder, part);
  if (!found) return null;
  if (!isProven(found, proof)) throw foreignPart(folder, part);
  if (found.counts.succeeded + found.counts.failed < rows.rows.length && found.errorsHash === null) {
    await placeErrors(folder, job, part, found.partHash);
    found = (await readBlock(folder, part))!;
  }
  checkRows(found, part, rows);
  return found.counts;
}

export function isProven(found: PublishedBlock, proof: PartProof): boolean {
  return proof === 'owned' || proof.hashes.includes(found.partHash);
}

function foreignPart(folder: string, part: number): ForebayError {
  return new ForebayError(
    'output_changed',
    `${partName(part)} in ${folder} was not written by this job: somebody has put or changed a file there. Remove it ` +
      'and submit the job again with if_output_exists "resume", or use another output.',
  );
}

function checkRows(found: PublishedBlock, part: number, rows: BlockRows): void {
  const lines = mergeLines(found);
  const ids = new Map(lines.map((line) => [line.index, line.id]));
  const total = lines.length;
  if (total !== rows.rows.length || ids.size !== total) {
    throw new RowsDiffer(`block ${part} has ${total} rows on storage and ${rows.rows.length} in the dataset`);
  }
  for (const [i, row] of rows.rows.entries()) {
    const index = rowIndex(rows, i);
    if (ids.get(index) !== row.id) {
      throw new RowsDiffer(
        `row ${index} is "${ids.get(index) ?? 'missing'}" on storage and "${row.id}" in the dataset`,
      );
    }
  }
}

/**
 * Puts the staged errors that belong to a part of this content in their place: of the job, or, without a folder of its
 * own, of a job of version 1. False where there are none.
 */
export async function placeErrors(
  folder: string,
  job: string,
  part: number,
  partHash: string,
): Promise<boolean> {
  const paths = outputFolder(folder);
  const staged = stagedErrorsName(part, partHash);
  for (const place of [paths.stagingOf(job), paths.staging]) {
    try {
      await link(`${place}/${staged}`, `${paths.folder}/${errorsName(part)}`);
      return true;
    } catch (error) {
      // In place already, or another finder of the part was quicker.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return true;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    }
  }
  return false;
}
