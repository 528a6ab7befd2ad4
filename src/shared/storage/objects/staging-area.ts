/**
 * What jobs have staged in an output in an object store: uploads for names in the output, and objects below `_staging/`
 * that name the uploads of errors. Discarding the upload of a part is always safe: at worst, a run is repeated. Errors
 * are discarded only if no other job names them, because their part may be published.
 */
import type { FoundStaged, WritableStore } from '../../stores/store.ts';
import { isPublished } from '../is-published.ts';
import { isFilePath } from '../file-names.ts';
import { errorsNumber, partNumber, stagedName, WHOLE_NAMES, type StagedName } from '../output-names.ts';
import type { SweptOutput } from '../output.ts';
import type { ObjectPaths } from './object-paths.ts';
import { placeStagedErrors, readObject, readStagedErrors } from './staged-errors.ts';

const { signal: never } = new AbortController();
/** Objects and uploads that one sweep removes. */
const MOST_SWEPT = 1000;

type StagedErrors = Extract<StagedName, { kind: 'errors' }>;

type UploadKind = 'part' | 'errors' | 'whole';
const ALL_KINDS: readonly UploadKind[] = ['part', 'errors', 'whole'];

/** Compacted files are made like parts. Null: an upload of the user. */
function kindOf(name: string): UploadKind | null {
  if (partNumber(name) !== null || isFilePath(name)) return 'part';
  if (errorsNumber(name) !== null) return 'errors';
  return WHOLE_NAMES.includes(name) ? 'whole' : null;
}

/**
 * Discards what others than `job` have staged, and all parts. Errors of a published part get their final name first.
 * `mustHold` rejects if the caller no longer owns the output.
 */
export async function discardOthers(
  store: WritableStore,
  paths: ObjectPaths,
  job: string,
  mustHold: () => Promise<void>,
): Promise<void> {
  // The uploads of parts go first, so that no part is published whose errors were not looked at.
  await discardUploads(store, paths, ['part', 'whole'], () => true);
  for await (const { name, isFolder } of store.children(paths.staging, never)) {
    if (!isFolder && stagedName(name) !== null) await store.remove(paths.staging + name);
  }
  for await (const { owner, name, staged } of stagedObjects(store, paths)) {
    if (owner === job) continue;
    await mustHold();
    if (staged.kind === 'errors' && (await isOfPublished(store, paths, staged))) {
      await placeStagedErrors(store, paths, { job: owner, part: staged.block, hash: staged.partHash });
    }
    await store.remove(paths.stagingOf(owner) + name);
  }
  const named = await namedUploads(store, paths, () => true);
  await discardUploads(store, paths, ['errors'], ({ id }) => !named.has(id));
}

export async function discardParts(store: WritableStore, paths: ObjectPaths): Promise<void> {
  await discardUploads(store, paths, ['part'], () => true);
}

/** Removes everything that a job has staged, and what no job names. */
export async function removeAll(store: WritableStore, paths: ObjectPaths, job: string): Promise<void> {
  const kept = await namedUploads(store, paths, (owner) => owner !== job);
  await discardUploads(store, paths, ALL_KINDS, ({ id }) => !kept.has(id));
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
  const kept = await namedUploads(store, paths, (owner) => owner !== job);
  await discardUploads(store, paths, ALL_KINDS, ({ id, stagedAt }) => {
    const old = !kept.has(id) && isOld(stagedAt);
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

/** Discards uploads of these kinds. Files may be in folders of any name, so all uploads below the output are looked at. */
async function discardUploads(
  store: WritableStore,
  paths: ObjectPaths,
  kinds: readonly UploadKind[],
  chosen: (found: FoundStaged) => boolean,
): Promise<void> {
  for await (const found of store.staged(paths.place, never)) {
    const name = paths.nameOf(found.url);
    const kind = name === null ? null : kindOf(name);
    if (kind !== null && kinds.includes(kind) && chosen(found)) await store.discard(found);
  }
}

/** The uploads of errors that objects of these jobs name. */
async function namedUploads(
  store: WritableStore,
  paths: ObjectPaths,
  isWanted: (owner: string) => boolean,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { owner, staged } of stagedObjects(store, paths)) {
    if (staged.kind !== 'errors' || !isWanted(owner)) continue;
    const of = { job: owner, part: staged.block, hash: staged.partHash };
    const upload = await readStagedErrors(store, paths, of);
    if (upload !== null) ids.add(upload.id);
  }
  return ids;
}

/** The objects in the staging areas of all jobs. */
async function* stagedObjects(
  store: WritableStore,
  paths: ObjectPaths,
): AsyncGenerator<{ readonly owner: string; readonly name: string; readonly staged: StagedName }> {
  for await (const { name: owner, isFolder } of store.children(paths.staging, never)) {
    if (!isFolder || stagedName(owner)?.kind !== 'owner') continue;
    for await (const { name, isFolder: isDeeper } of store.children(paths.stagingOf(owner), never)) {
      const staged = isDeeper ? null : stagedName(name);
      if (staged !== null) yield { owner, name, staged };
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
