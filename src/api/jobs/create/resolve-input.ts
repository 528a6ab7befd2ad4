/**
 * Turns a request's `input` into a dataset that any process can enumerate. Paths become absolute and are checked
 * against the input roots. URL lists and inline rows are spooled to disk.
 */
import { join } from 'node:path';
import {
  hasParts,
  isTable,
  type DatasetSpec,
  type FilesSpec,
  type GivenDataset,
} from '../../../shared/domain/dataset-spec.ts';
import type { ByteFiles } from '../../../shared/datasets/bytes/byte-file.ts';
import { createObjectRule } from '../../../shared/stores/object-roots.ts';
import { isObjectUrl } from '../../../shared/stores/object-url.ts';
import { isRemoteUrl } from '../../../shared/stores/remote-url.ts';
import type { PackedInput } from '../../http/wire/job-input.ts';
import { createInputRule } from '../../../shared/files/input-folders.ts';
import { openDataset } from '../../../shared/datasets/open-dataset.ts';
import { createArchiveInputs } from './input/archive-input.ts';
import { checkParts } from './input/find-parts.ts';
import { checkReadable, createInputPaths, type InputPathOptions } from './input/input-paths.ts';
import { createInputSpool, type Handover, type SpoolOptions } from './input/input-spool.ts';
import { createObjectInputs, type ObjectInputOptions } from './input/object-input.ts';
import { resolveFiles, type ResolvedInput, type Resolving } from './input/resolve-files.ts';
import { checkRemote, resolveManifest } from './input/resolve-list.ts';
import { resolveTable } from './input/resolve-table.ts';

export interface InputResolver {
  /**
   * Rejects with ForebayError `path_not_allowed`, `input_not_found`, `input_unreadable`, `invalid_request`,
   * `list_too_long`, `storage_unavailable`. A rejected call may leave unfinished files in the spool, which `discard`
   * removes.
   */
  resolve(input: PackedInput, jobId: string, of: Resolving): Promise<ResolvedInput>;
  /**
   * Prepares the dataset of an earlier job, from the job.json in `folder`, for a new job. A job.json can be edited, so
   * the dataset's paths are checked again. Spooled rows that the new job reads are kept under the new id too. Rejects
   * as `resolve` does, and with `input_not_found` if spooled rows are gone.
   */
  adopt(dataset: DatasetSpec, jobs: Handover & { readonly folder: string }): Promise<DatasetSpec>;
  /** Removes what `resolve` or `adopt` spooled for a tenant's job. No error if there is nothing. */
  discard(jobId: string, tenant: string): Promise<void>;
  /** Bytes that a job has in the spool. They count towards its tenant's quota. */
  spooledBytes(jobId: string, tenant: string): Promise<number>;
}

export interface InputResolverOptions extends InputPathOptions, SpoolOptions, ObjectInputOptions {
  readonly files: ByteFiles;
}

export function createInputResolver(options: InputResolverOptions): InputResolver {
  const paths = createInputPaths(options);
  const objects = createObjectInputs(options);
  const rule = createInputRule(options);
  const objectRule = createObjectRule(options);
  const listFiles = (tenant: string) => (of: FilesSpec) =>
    openDataset(of, {
      stores: options.stores,
      skips: (real) => rule(real, tenant) !== 'allowed',
      skipsObject: (url) => !objectRule(url, tenant),
    });
  const places = { paths, objects, files: options.files, listFiles };
  const archives = createArchiveInputs(places);
  const spool = createInputSpool(options);

  async function resolve(input: PackedInput, jobId: string, of: Resolving): Promise<ResolvedInput> {
    const { tenant } = of;
    switch (input.type) {
      case 'files':
        return isObjectUrl(input.path) ? objects.resolve(input, of) : resolveFiles(paths, input, of);
      case 'manifest':
        return resolveManifest(places, input, tenant);
      case 'jsonl':
      case 'csv':
      case 'parquet':
        return resolveTable(places, input, of);
      case 'archive':
        return archives.resolve(input, of);
      case 'urls':
      case 'inline':
        return { spec: await spool.write(input, jobId, tenant), total: input.packed.count };
    }
  }

  /** Checks the paths of a dataset that comes from a job.json. It does not look for spooled rows. */
  async function checkPaths(dataset: GivenDataset, tenant: string): Promise<void> {
    if (dataset.type === 'files' && isObjectUrl(dataset.root)) return objects.check(dataset, tenant);
    if (dataset.type === 'files') {
      const { path } = await paths.find(dataset.root, tenant);
      await checkReadable({ path, isFolder: true });
      if (dataset.only !== undefined) await paths.find(join(dataset.root, dataset.only), tenant);
    }
    if (dataset.type === 'archive') return archives.check(dataset, tenant);
    if (isTable(dataset) && hasParts(dataset)) return checkParts(places, dataset, tenant);
    if (dataset.type === 'manifest' || isTable(dataset)) {
      if (isRemoteUrl(dataset.path)) {
        checkRemote(objects, dataset.path, tenant);
        return;
      }
      await paths.find(dataset.base, tenant);
      const { path } = await paths.find(dataset.path, tenant);
      await checkReadable({ path, isFolder: false });
    }
  }

  async function adopt(
    dataset: DatasetSpec,
    jobs: Handover & { readonly folder: string },
  ): Promise<DatasetSpec> {
    switch (dataset.type) {
      case 'files':
      case 'manifest':
      case 'jsonl':
      case 'csv':
      case 'archive':
      case 'parquet':
        await checkPaths(dataset, jobs.tenant);
        return dataset;
      case 'failed':
        await checkPaths(dataset.of, jobs.tenant);
        return { ...dataset, folder: jobs.folder, of: await adoptFailedOf(dataset.of, jobs) };
      case 'urls':
        return withJoinOf(dataset, await spool.handOverUrls(jobs));
      case 'inline':
        return withJoinOf(dataset, await spool.handOverInline(jobs));
    }
  }

  /** The dataset that the failed rows belong to. A job.json can be edited, so its spool paths are replaced. */
  async function adoptFailedOf(of: GivenDataset, jobs: Handover): Promise<GivenDataset> {
    if (of.type === 'inline') return withJoinOf(of, await spool.handOverInline(jobs));
    // The id of a URL row is its URL, so the list need not be read again.
    if (of.type === 'urls') return withJoinOf(of, spool.urlsOf(jobs.to, jobs.tenant));
    return of;
  }

  return {
    resolve,
    adopt,
    discard: async (jobId, tenant) => spool.discard(jobId, tenant),
    spooledBytes: async (jobId, tenant) => spool.bytes(jobId, tenant),
  };
}

function withJoinOf({ join }: GivenDataset, dataset: GivenDataset): GivenDataset {
  return join === undefined ? dataset : { ...dataset, join };
}
