/** Resolves an input of archives: one, or several that braces or a glob name. */
import { dirname, isAbsolute } from 'node:path';
import {
  resolveArchiveSpec,
  type ArchiveFiles,
  type GivenArchives,
} from '../../../../shared/datasets/archive/resolve-archive-spec.ts';
import { listShards, shardPath } from '../../../../shared/datasets/archive/shards.ts';
import { splitArchives } from '../../../../shared/datasets/archive/split-archives.ts';
import type { ByteFiles } from '../../../../shared/datasets/bytes/byte-file.ts';
import { openDataset } from '../../../../shared/datasets/open-dataset.ts';
import type { ArchiveSpec } from '../../../../shared/domain/dataset-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import type { InputRule } from '../../../../shared/files/input-folders.ts';
import { isRemoteUrl } from '../../../../shared/stores/remote-url.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';
import { checkReadable, type InputPaths } from './input-paths.ts';
import { checkGlobs, type ResolvedInput, type Resolving } from './resolve-files.ts';

export type ArchiveInput = Extract<PackedInput, { type: 'archive' }>;

export interface ArchiveInputs {
  /** Rejects as InputResolver.resolve does. */
  resolve(input: ArchiveInput, of: Resolving): Promise<ResolvedInput>;
  /** Checks the paths of a dataset that comes from a job.json. Rejects as `resolve` does. */
  check(dataset: ArchiveSpec, tenant: string): Promise<void>;
}

type Place = Pick<GivenArchives, 'path' | 'base' | 'shards'>;

export function createArchiveInputs(paths: InputPaths, rule: InputRule, files: ByteFiles): ArchiveInputs {
  const openAs = (tenant: string): ArchiveFiles => ({
    files,
    listFiles: (of) => openDataset(of, { skips: (real) => rule(real, tenant) !== 'allowed' }),
  });

  async function placeOf(given: string, tenant: string): Promise<Place> {
    // A path that looks like a pattern but exists is taken literally.
    const several = (await paths.exists(paths.absolute(given))) ? null : splitArchives(given);
    if (several === null) {
      const { path } = await fileAt(given, tenant);
      return { path, base: dirname(path) };
    }
    const { folder, pattern, shards } = several;
    if (shards === 'glob') checkGlobs([pattern], '/input/path');
    const base = await paths.find(folder, tenant);
    if (!base.isFolder) {
      throw new ForebayError('input_not_found', `${base.path} is a file, so nothing matches ${given}.`);
    }
    await checkReadable(base);
    return { path: `${base.path === '/' ? '' : base.path}/${pattern}`, base: base.path, shards };
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
  async function checkNamed(place: Place, tenant: string): Promise<void> {
    if (place.shards !== 'braces') return;
    for await (const { name } of listShards(place, openAs(tenant).listFiles, null, NEVER)) {
      await fileAt(shardPath(place, name), tenant);
    }
  }

  return {
    async resolve(input, { tenant, taskInput }) {
      const { path, include, exclude, group, columns } = input;
      if (isRemoteUrl(path)) {
        throw new ForebayError(
          'invalid_request',
          'An archive is read from a local path, not from S3 or a web server.',
          {
            issues: [{ path: '/input/path', message: 'must be a local path' }],
          },
        );
      }
      checkGlobs(include ?? [], '/input/include');
      checkGlobs(exclude ?? [], '/input/exclude');
      const place = await placeOf(path, tenant);
      await checkNamed(place, tenant);
      const given = { ...place, include, exclude, group, columns };
      return { spec: await resolveArchiveSpec(given, taskInput, openAs(tenant), NEVER), total: null };
    },
    async check(dataset, tenant) {
      const { path, base } = dataset;
      // A URL would be opened as one, whatever file has its name.
      const isLocal = isAbsolute(path) && isAbsolute(base);
      if (!isLocal || !path.startsWith(base.endsWith('/') ? base : `${base}/`)) {
        throw new ForebayError(
          'invalid_request',
          `${path} is not below ${base}. Restore the job.json of the output.`,
        );
      }
      await paths.find(base, tenant);
      if (dataset.shards === undefined) await checkReadable(await fileAt(path, tenant));
      await checkNamed(dataset, tenant);
    },
  };
}

const NEVER = new AbortController().signal;
