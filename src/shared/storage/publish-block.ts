/**
 * Publishes a block's rows, once, whoever tries (G1, ADR 2, ADR 8). A run stages its part, asks whether its job still
 * owns the output, and links the part to its name. The link is the commit: it never clobbers, and it fails where a new
 * owner has discarded what was staged. Errors are staged before the part, under its hash, and put in their place after
 * it by whoever finds the part, so that part and errors always come from the same run.
 */
import { mkdir, rename } from 'node:fs/promises';
import { errorLine, resultLine, type RowOutcome } from '../domain/row.ts';
import { rowIndex, type BlockRows } from '../domain/block.ts';
import { adoptBlock, placeErrors, type BlockCounts, type PartProof } from './adopt-block.ts';
import { outputFolder, partName, stagedErrorsName, stagedPartName } from './output-folder.ts';
import { sha256 } from './read-part.ts';
import { inFolderNoFollow } from './no-follow.ts';
import { removeEmptyStaging } from './staging.ts';
import { linkStaged, writeStaged, removeStaged } from './staged-file.ts';
import { ForebayError } from '../errors.ts';

export interface BlockToPublish {
  /** Output folder of the job. */
  readonly folder: string;
  readonly job: string;
  /** Number of the part. */
  readonly part: number;
  readonly rows: BlockRows;
  /** One per row, in order. */
  readonly outcomes: readonly RowOutcome[];
  /** Of the run. */
  readonly token: string;
}

/**
 * `permit`: asked once the part is staged, with its hash. It answers null where the run may not publish, else what
 * proves that a part which is there already is the job's. Returns the counts of the part that stands, null where the
 * run may not publish. ForebayError `output_changed`, `storage_unavailable`.
 */
export async function publishBlock(
  block: BlockToPublish,
  permit: (partHash: string) => Promise<PartProof | null>,
): Promise<BlockCounts | null> {
  const { folder, job, part, rows, token } = block;
  const text = linesOf(block);
  const hash = sha256(text.results);
  const staging = outputFolder(folder).stagingOf(job);
  const staged = stagedPartName(part, token);
  const errors = text.errors === '' ? null : stagedErrorsName(part, hash);
  let asked = false;
  const mayRepeat = () => !asked;
  const published = await inStaging(folder, staging, mayRepeat, async (at) => {
    if (errors !== null) await stageErrors(`${at}/${errors}`, token, text.errors);
    await writeStaged(`${at}/${staged}`, text.results);
    asked = true;
    const proof = await permit(hash).catch(async (error: unknown) => {
      await removeStaged(`${at}/${staged}`);
      throw error;
    });
    if (proof === null) {
      await removeStaged(`${at}/${staged}`);
      return null;
    }
    const outcome = await linkStaged(`${at}/${staged}`, `${at}/../../${partName(part)}`);
    if (outcome === 'gone') throw stagedIsGone(part, folder);
    if (outcome === 'linked' && errors !== null) await placeErrors(folder, job, part, hash);
    return { outcome, proof };
  });
  if (published?.outcome === 'linked') {
    return { succeeded: block.outcomes.length - text.failed, failed: text.failed };
  }
  // Late, perhaps after the job's end, when nobody else clears up.
  if (published === null) {
    if (errors !== null) await removeStaged(`${staging}/${errors}`);
    await removeEmptyStaging(folder, job);
    return null;
  }
  const adopted = await adoptBlock(folder, job, part, rows, published.proof);
  if (!adopted) throw stagedIsGone(part, folder);
  // Placed by now, or of a part that lost.
  if (errors !== null) await removeStaged(`${staging}/${errors}`);
  await removeEmptyStaging(folder, job);
  return adopted;
}

function linesOf({ rows, outcomes }: BlockToPublish): { results: string; errors: string; failed: number } {
  let results = '';
  let errors = '';
  let failed = 0;
  for (const [i, outcome] of outcomes.entries()) {
    const { id } = rows.rows[i]!;
    const index = rowIndex(rows, i);
    if (outcome.ok) {
      results += resultLine(index, id, outcome.result);
    } else {
      errors += errorLine(index, id, outcome.error);
      failed += 1;
    }
  }
  return { results, errors, failed };
}

async function stageErrors(staged: string, token: string, text: string): Promise<void> {
  const own = `${staged}.${token}`;
  await writeStaged(own, text);
  await rename(own, staged).catch(async (error: unknown) => {
    await removeStaged(own);
    throw error;
  });
}

/**
 * Acts in the staging folder, and makes it where it is not: it is there but for a job's first blocks, and where a late
 * run has just removed it, so looking first is not worth a call per block.
 */
async function inStaging<T>(
  folder: string,
  staging: string,
  mayRepeat: () => boolean,
  act: (at: string) => Promise<T>,
): Promise<T> {
  for (let tries = 3; ; tries--) {
    try {
      return await inFolderNoFollow(staging, act);
    } catch (error) {
      if (!mayRepeat() || (error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 0) throw error;
      await makeStaging(folder, staging);
    }
  }
}

/** Makes nothing through a link that has taken the output's place. */
async function makeStaging(folder: string, staging: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await inFolderNoFollow(folder, async (at) => mkdir(at + staging.slice(folder.length), { recursive: true }));
}

function stagedIsGone(part: number, folder: string): ForebayError {
  return new ForebayError(
    'storage_unavailable',
    `What was staged for ${partName(part)} in ${folder} is gone: the folder was moved, or another job has taken it over.`,
  );
}
