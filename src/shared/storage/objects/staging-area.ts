/**
 * What jobs have staged in an output on S3: uploads for names in the output, and objects below `_staging/` that name the
 * uploads of errors. Discarding an upload is always safe. At worst a run of the next owner is repeated.
 */
import type { FoundStaged, WritableStore } from '../../stores/store.ts';
import { isPublished } from '../is-published.ts';
import { errorsNumber, isPublishedName, partNumber, stagedName, type StagedName } from '../output-names.ts';
import type { SweptOutput } from '../output.ts';
import type { ObjectPaths } from './object-paths.ts';
import { placeStagedErrors, readObject, readStagedErrors } from './staged-errors.ts';

const { signal: never } = new AbortController();
/** Objects and uploads that one sweep removes. */
const MOST_SWEPT = 1000;

type StagedErrors = Extract<StagedName, { kind: 'errors' }>;

/** Discards what others than `job` have staged, and all parts. Errors of a published part get their final name first. */
export async function discardOthers(store: WritableStore, paths: ObjectPaths, job: string): Promise<void> {
  // Without its upload no part can be published whose errors were not looked at.
  await discardUploads(store, paths, (name) => errorsNumber(name) === null);
  const kept = new Set<string>();
  for await (const { name: owner, isFolder } of store.children(paths.staging, never)) {
    if (!isFolder) {
      if (stagedName(owner) !== null) await store.remove(paths.staging + owner);
      continue;
    }
    if (stagedName(owner)?.kind !== 'owner') continue;
    for await (const { name } of store.children(paths.stagingOf(owner), never)) {
      const staged = stagedName(name);
      if (staged === null) continue;
      if (staged.kind === 'errors') {
        const of = { job: owner, part: staged.block, hash: staged.partHash };
        if (owner === job) {
          const upload = await readStagedErrors(store, paths, of);
          if (upload !== null) kept.add(upload.id);
          continue;
        }
        if (await isOfPublished(store, paths, staged)) await placeStagedErrors(store, paths, of);
      }
      await store.remove(paths.stagingOf(owner) + name);
    }
  }
  await discardUploads(store, paths, (name, { id }) => errorsNumber(name) !== null && !kept.has(id));
}

export async function discardParts(store: WritableStore, paths: ObjectPaths): Promise<void> {
  await discardUploads(store, paths, (name) => partNumber(name) !== null);
}

/** Removes everything that is staged, because the job is the last one to stage. */
export async function removeAll(store: WritableStore, paths: ObjectPaths, job: string): Promise<void> {
  await discardUploads(store, paths, () => true);
  for await (const { name, isFolder } of store.children(paths.stagingOf(job), never)) {
    if (!isFolder && stagedName(name) !== null) await store.remove(paths.stagingOf(job) + name);
  }
}

/** See Output.sweep. */
export async function sweepObjects(
  store: WritableStore,
  paths: ObjectPaths,
  job: string,
  before: number,
): Promise<SweptOutput> {
  let removed = 0;
  let finished = true;
  const isOld = (writtenAt: number) => {
    if (writtenAt < before && removed < MOST_SWEPT) return true;
    finished = false;
    return false;
  };
  await discardUploads(store, paths, (_, { stagedAt }) => {
    const old = isOld(stagedAt);
    if (old) removed += 1;
    return old;
  });
  for (const folder of [paths.staging, paths.stagingOf(job)]) {
    for await (const { name, isFolder, writtenAt } of store.children(folder, never)) {
      if (isFolder || stagedName(name) === null || !isOld(writtenAt ?? 0)) continue;
      await store.remove(folder + name);
      removed += 1;
    }
  }
  return { removed, finished };
}

/** Discards uploads for names that Forebay publishes. Others belong to the user. */
async function discardUploads(
  store: WritableStore,
  paths: ObjectPaths,
  chosen: (name: string, found: FoundStaged) => boolean,
): Promise<void> {
  // The pages of some servers cannot be followed, so the first page is read until nothing of it is chosen.
  for (let before = -1, count = 0; before !== count;) {
    before = count;
    for await (const found of store.staged(paths.place, never)) {
      const name = paths.nameOf(found.url);
      if (name === null || !isPublishedName(name) || !chosen(name, found)) continue;
      await store.discard(found);
      count += 1;
    }
  }
}

async function isOfPublished(
  store: WritableStore,
  paths: ObjectPaths,
  { block, partHash }: StagedErrors,
): Promise<boolean> {
  return isPublished(async (name) => readObject(store, paths.url(name), Infinity), block, partHash);
}
