/**
 * Publishes the rows of a block exactly once, however many runs try (G1, ADR 2, ADR 8). A run stages its part, checks that
 * its job still owns the output, and links the part to its final name. The link is the durable commit. It never
 * overwrites, and it fails if a new owner has discarded the staged files. Errors are staged before the part, under the
 * part's hash. Any process that finds the part links its errors to their final name. So part and errors always come
 * from the same run.
 */
import { mkdir, rename } from 'node:fs/promises';
import { rowCount, type NamedRows } from '../domain/block.ts';
import type { Outcomes } from '../domain/outcomes.ts';
import type { EncodedPart } from '../sinks/sink.ts';
import { adoptBlock, placeErrors, type BlockCounts, type PartOfJob, type PartProof } from './adopt-block.ts';
import { outputFolder, partName, stagedErrorsName, stagedPartName } from './output-folder.ts';
import { sha256 } from './read-part.ts';
import { inFolderNoFollow } from './no-follow.ts';
import { removeEmptyStaging } from './staging.ts';
import { linkStaged, writeStaged, removeStaged } from './staged-file.ts';
import { ForebayError } from '../errors.ts';

export interface BlockToPublish extends PartOfJob {
  readonly rows: NamedRows;
  /** Those of all rows, in order. */
  readonly outcomes: readonly Outcomes[];
  /** The token of the run. */
  readonly token: string;
}

/**
 * Calls `permit` with the hash of the part once it is staged. `permit` returns null if the run may not publish, else the
 * proof for an existing part. Returns the counts of the published part, or null if the run may not publish. Throws
 * ForebayError `output_changed` or `storage_unavailable`.
 */
export async function publishBlock(
  block: BlockToPublish,
  permit: (partHash: string) => Promise<PartProof | null>,
): Promise<BlockCounts | null> {
  const encoded = await block.sink.encode(block.rows, block.outcomes);
  try {
    return await publishEncoded(block, encoded, permit);
  } finally {
    encoded.release();
  }
}

async function publishEncoded(
  { folder, job, part, sink, rows, token }: BlockToPublish,
  encoded: Omit<EncodedPart, 'release'>,
  permit: (partHash: string) => Promise<PartProof | null>,
): Promise<BlockCounts | null> {
  const name = partName(part, sink.format);
  const hash = sha256(encoded.results);
  const staging = outputFolder(folder).stagingOf(job);
  const staged = stagedPartName(part, sink.format, token);
  const errors = encoded.errors === '' ? null : stagedErrorsName(part, hash);
  let asked = false;
  const mayRepeat = () => !asked;
  const published = await inStaging(folder, staging, mayRepeat, async (at) => {
    if (errors !== null) await stageErrors(`${at}/${errors}`, token, encoded.errors);
    await writeStaged(`${at}/${staged}`, encoded.results);
    asked = true;
    const proof = await permit(hash).catch(async (error: unknown) => {
      await removeStaged(`${at}/${staged}`);
      throw error;
    });
    if (proof === null) {
      await removeStaged(`${at}/${staged}`);
      return null;
    }
    const outcome = await linkStaged(`${at}/${staged}`, `${at}/../../${name}`);
    if (outcome === 'gone') throw stagedIsGone(name, folder);
    if (outcome === 'linked' && errors !== null) await placeErrors(folder, job, part, hash);
    return { outcome, proof };
  });
  if (published?.outcome === 'linked') {
    return { succeeded: rowCount(rows) - encoded.failed, failed: encoded.failed };
  }
  // The run is late, perhaps after the end of the job, when no other process cleans up.
  if (published === null) {
    if (errors !== null) await removeStaged(`${staging}/${errors}`);
    await removeEmptyStaging(folder, job);
    return null;
  }
  const adopted = await adoptBlock({ folder, job, part, sink }, rows, published.proof);
  if (!adopted) throw stagedIsGone(name, folder);
  // The errors have their final name by now, or belong to a part that was not published.
  if (errors !== null) await removeStaged(`${staging}/${errors}`);
  await removeEmptyStaging(folder, job);
  return adopted;
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
 * Acts in the staging folder, and creates the folder if it is missing. It is missing only for the first blocks of a job,
 * or after a late run has just removed it. So checking first would cost every block a call.
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

/** Creates nothing through a link that has replaced the output folder. */
async function makeStaging(folder: string, staging: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await inFolderNoFollow(folder, async (at) => mkdir(at + staging.slice(folder.length), { recursive: true }));
}

function stagedIsGone(name: string, folder: string): ForebayError {
  return new ForebayError(
    'storage_unavailable',
    `The staged file of ${name} in ${folder} is gone: the folder was moved, or another job took it over.`,
  );
}
