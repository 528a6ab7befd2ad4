/**
 * Publishes a block's rows, once, whoever tries (G1, ADR 2). The link of the part is the commit: it never
 * clobbers. Errors are staged before it under the part's hash, and put in their place after it by whoever
 * finds the part, so that part and errors always come from the same run.
 */
import { link, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { errorLine, resultLine, type RowOutcome } from '../domain/row.ts';
import { rowIndex, type BlockRows } from '../domain/block.ts';
import { inFolder, linkWhole } from './link-whole.ts';
import { outputFolder } from './output-folder.ts';
import { mergeLines, readBlock, sha256, type PublishedBlock } from './read-part.ts';

export interface BlockCounts {
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * Writes the outcomes (one a row, in order) of a run. Where another run has published first, its part stands
 * and its counts are returned.
 */
export async function publishBlock(
  folder: string,
  block: number,
  rows: BlockRows,
  outcomes: readonly RowOutcome[],
  token: string,
): Promise<BlockCounts> {
  const paths = outputFolder(folder);
  let part = '';
  let errors = '';
  let failed = 0;
  for (const [i, outcome] of outcomes.entries()) {
    const { id } = rows.rows[i]!;
    const index = rowIndex(rows, i);
    if (outcome.ok) {
      part += resultLine(index, id, outcome.result);
    } else {
      errors += errorLine(index, id, outcome.error);
      failed += 1;
    }
  }
  const staged = paths.stagedPart(block, token);
  const stagedErrors = errors === '' ? null : paths.stagedErrors(block, sha256(part));
  if (stagedErrors !== null) {
    const own = `${stagedErrors}.${token}`;
    try {
      await inFolder(paths.staging, async () => writeFile(own, errors));
      await rename(own, stagedErrors);
    } catch (error) {
      await rm(own, { force: true });
      throw error;
    }
  }
  const linked = await inFolder(paths.staging, async () => linkWhole(staged, paths.part(block), part));
  if (linked === 'exists') {
    const adopted = await adoptBlock(folder, block, rows);
    if (!adopted) throw new Error(`${paths.part(block)} came and went`);
    // Late, perhaps after the job's end, when nobody else clears up: the errors are placed, or of a part that lost.
    if (stagedErrors !== null) await rm(stagedErrors, { force: true });
    await rmdir(paths.staging).catch(() => undefined);
    return adopted;
  }
  if (errors !== '') await placeErrors(folder, block, sha256(part));
  return { succeeded: outcomes.length - failed, failed };
}

/** Counts of a part that an earlier run published, its errors put in place; null where there is none. */
export async function adoptBlock(
  folder: string,
  block: number,
  rows: BlockRows,
): Promise<BlockCounts | null> {
  let found = await readBlock(folder, block);
  if (!found) return null;
  if (found.counts.succeeded + found.counts.failed < rows.rows.length && found.errorsHash === null) {
    await placeErrors(folder, block, found.partHash);
    found = (await readBlock(folder, block))!;
  }
  checkRows(found, block, rows);
  return found.counts;
}

/** The rows on storage are not the dataset's. */
export class RowsDiffer extends Error {
  override readonly name = 'RowsDiffer';
}

function checkRows(found: PublishedBlock, block: number, rows: BlockRows): void {
  const lines = mergeLines(found);
  const ids = new Map(lines.map((line) => [line.index, line.id]));
  const total = lines.length;
  if (total !== rows.rows.length || ids.size !== total) {
    throw new RowsDiffer(
      `block ${block} has ${total} rows on storage and ${rows.rows.length} in the dataset`,
    );
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

/** Puts the staged errors that belong to a part of this content in their place. False where there are none. */
export async function placeErrors(folder: string, block: number, partHash: string): Promise<boolean> {
  const paths = outputFolder(folder);
  try {
    await link(paths.stagedErrors(block, partHash), paths.errors(block));
    return true;
  } catch (error) {
    // In place already, or another finder of the part was quicker.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    return code === 'EEXIST';
  }
}
