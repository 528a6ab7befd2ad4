/**
 * Publishes a part in a folder. A run stages it, asks, moves the row record to its final name, then links the part to
 * its own. The link never overwrites, and it fails if a new owner has discarded the staged files.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import type { PartProof, PartToPublish, Published } from '../output.ts';
import { partName, recordName, stagedErrorsName, stagedPartName, stagedRecordName } from '../output-names.ts';
import { noneIfMissing } from '../../files/is-missing.ts';
import type { FolderPaths } from './folder-paths.ts';
import { inFolderNoFollow } from './no-follow.ts';
import { placeSurely } from '../place-surely.ts';
import { placeErrors } from './place-errors.ts';
import { linkStaged, removeStaged, writeStaged } from './staged-file.ts';

export async function publishInFolder(
  paths: FolderPaths,
  { job, part, format, token, results, hash, errors, record }: PartToPublish,
  permit: () => Promise<PartProof | null>,
): Promise<Published | null> {
  const staged = stagedPartName(part, format, token);
  let asked = false;
  const mayRepeat = () => !asked;
  return inStaging(paths, job, mayRepeat, async (at) => {
    const stage = async () => stageErrors(`${at}/${stagedErrorsName(part, hash)}`, token, errors);
    if (errors !== '') await stage();
    const stagedRecord = `${at}/${stagedRecordName(part, hash, token)}`;
    if (record !== null) await writeStaged(stagedRecord, record);
    await writeStaged(`${at}/${staged}`, results);
    const drop = async () => {
      await removeStaged(`${at}/${staged}`);
      if (record !== null) await removeStaged(stagedRecord);
    };
    asked = true;
    const proof = await permit().catch(async (error: unknown) => {
      await drop();
      throw error;
    });
    if (proof === null) {
      await drop();
      return null;
    }
    // If a new owner has discarded it, the part is gone, too, and cannot be published.
    if (record !== null)
      await rename(stagedRecord, `${at}/../../${recordName(part, hash)}`).catch(noneIfMissing);
    const outcome = await linkStaged(`${at}/${staged}`, `${at}/../../${partName(part, format)}`);
    if (outcome !== 'linked') return { outcome, proof };
    if (errors === '') return { outcome: 'stored', proof };
    const place = async () => placeErrors(paths, job, part, hash);
    const isPlaced = await placeSurely({ place, stage, permit });
    return { outcome: isPlaced ? 'stored' : 'gone', proof };
  });
}

/** See Output.putRecord. */
export async function putInFolder(
  paths: FolderPaths,
  job: string,
  name: string,
  text: string,
): Promise<void> {
  const staged = `${name}.${randomUUID()}`;
  let written = false;
  await inStaging(
    paths,
    job,
    () => !written,
    async (at) => {
      await writeStaged(`${at}/${staged}`, text);
      written = true;
      await rename(`${at}/${staged}`, `${at}/../../${name}`).catch(noneIfMissing);
    },
  );
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
 * Acts in the staging folder, and creates the folder if it is missing. It is missing only for the first blocks of a
 * job, or after a late run has just removed it. So checking first would cost every block a call.
 */
export async function inStaging<T>(
  paths: FolderPaths,
  job: string,
  mayRepeat: () => boolean,
  act: (at: string) => Promise<T>,
): Promise<T> {
  const staging = paths.stagingOf(job);
  for (let tries = 3; ; tries--) {
    try {
      return await inFolderNoFollow(staging, act);
    } catch (error) {
      if (!mayRepeat() || (error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 0) throw error;
      await makeStaging(paths.folder, staging);
    }
  }
}

/** Creates nothing through a link that has replaced the output folder. */
async function makeStaging(folder: string, staging: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await inFolderNoFollow(folder, async (at) => mkdir(at + staging.slice(folder.length), { recursive: true }));
}
