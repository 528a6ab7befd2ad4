/** Resolves an input of archives: one, or several that braces or a glob name. */
import { dirname, isAbsolute } from 'node:path';
import type { ArchivePlace } from '../../../../shared/datasets/archive/remote-place.ts';
import { resolveArchiveSpec } from '../../../../shared/datasets/archive/resolve-archive-spec.ts';
import { listShards, shardPath } from '../../../../shared/datasets/archive/shards.ts';
import { splitArchives } from '../../../../shared/datasets/archive/split-archives.ts';
import { pathBelow } from '../../../../shared/datasets/base-path.ts';
import type { ArchiveSpec } from '../../../../shared/domain/dataset-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { isRemoteUrl, shownPath } from '../../../../shared/stores/remote-url.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';
import { ANSWER_MS, askStore } from './ask-store.ts';
import { checkReadable } from './input-paths.ts';
import { checkRemoteArchives, findRemoteArchives } from './remote-archives.ts';
import { checkGlobs, globsOf, type ResolvedInput, type Resolving } from './resolve-files.ts';
import type { ListPlaces } from './resolve-list.ts';

export type ArchiveInput = Extract<PackedInput, { type: 'archive' }>;

export interface ArchiveInputs {
  /** Rejects as InputResolver.resolve does. */
  resolve(input: ArchiveInput, of: Resolving): Promise<ResolvedInput>;
  /** Checks the paths of a dataset that comes from a job.json. Rejects as `resolve` does. */
  check(dataset: ArchiveSpec, tenant: string): Promise<void>;
}

export function createArchiveInputs({ paths, objects, files, listFiles }: ListPlaces): ArchiveInputs {
  async function placeOf({ path: given, ignore_case }: ArchiveInput, tenant: string): Promise<ArchivePlace> {
    // A path that looks like a pattern but exists is taken literally.
    const several = (await paths.exists(paths.absolute(given))) ? null : splitArchives(given);
    if (several === null) {
      const { path } = await fileAt(given, tenant);
      return { path, base: dirname(path) };
    }
    const { folder, pattern, shards } = several;
    if (shards === 'glob') checkGlobs([pattern], '/input/path', ignore_case);
    const base = await paths.find(folder, tenant);
    if (!base.isFolder) {
      throw new ForebayError('input_not_found', `${base.path} is a file, so nothing matches ${given}.`);
    }
    await checkReadable(base);
    return { path: pathBelow(base.path, pattern), base: base.path, shards };
  }

  async function fileAt(path: string, tenant: string) {
    const found = await paths.find(path, tenant);
    if (!found.isFolder) return found;
    throw new ForebayError(
      'input_unreadable',
      `${found.path} is a folder, not an archive. To read its files, use {"type":"files"}.`,
    );
  }

  /** A glob finds only what the job may read. Braces may name a link that leads elsewhere, or what does not exist. */
  async function checkNamed(place: ArchivePlace, tenant: string): Promise<void> {
    if (place.shards !== 'braces') return;
    for await (const { name } of listShards(place, listFiles(tenant), null, NEVER)) {
      await fileAt(shardPath(place, name), tenant);
    }
  }

  async function localPlace(given: ArchiveInput, tenant: string): Promise<ArchivePlace> {
    const place = await placeOf(given, tenant);
    await checkNamed(place, tenant);
    return place;
  }

  return {
    async resolve(input, { tenant, taskInput }) {
      const { path, group, columns } = input;
      const globs = globsOf(input);
      const isRemote = isRemoteUrl(path);
      const place = isRemote
        ? await findRemoteArchives(objects, input, tenant)
        : await localPlace(input, tenant);
      const given = { ...place, ...globs, group, columns };
      const resolve = async (signal: AbortSignal) =>
        resolveArchiveSpec(given, taskInput, { files, listFiles: listFiles(tenant) }, signal);
      const spec = isRemote ? await askStore(shownPath(path), ANSWER_MS, resolve) : await resolve(NEVER);
      return { spec, total: null };
    },
    async check(dataset, tenant) {
      const { path, base } = dataset;
      const isRemote = isRemoteUrl(path) && isRemoteUrl(base);
      // A URL would be opened as one, whatever file has its name.
      const isLocal = isAbsolute(path) && isAbsolute(base);
      if ((!isLocal && !isRemote) || !path.startsWith(base.endsWith('/') ? base : `${base}/`)) {
        throw new ForebayError(
          'invalid_request',
          `${path} is not below ${base}. Restore the job.json of the output.`,
        );
      }
      if (isRemote) return checkRemoteArchives(objects, dataset, tenant);
      await paths.find(base, tenant);
      if (dataset.shards === undefined) await checkReadable(await fileAt(path, tenant));
      await checkNamed(dataset, tenant);
    },
  };
}

const NEVER = new AbortController().signal;
