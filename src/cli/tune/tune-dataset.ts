/** Resolves the dataset of `forebay tune` as the API would, but without limits on what may be read. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../../shared/config/config.ts';
import { remotePlace } from '../../shared/datasets/archive/remote-place.ts';
import { resolveArchiveSpec } from '../../shared/datasets/archive/resolve-archive-spec.ts';
import { splitArchives } from '../../shared/datasets/archive/split-archives.ts';
import { withHead, type ByteFiles } from '../../shared/datasets/bytes/byte-file.ts';
import { createDatasetFiles } from '../../shared/datasets/bytes/dataset-files.ts';
import { splitGlob } from '../../shared/datasets/files/split-glob.ts';
import { readListHead } from '../../shared/datasets/list-head.ts';
import { listingFor } from '../../shared/datasets/listing/listing-rule.ts';
import { openDataset } from '../../shared/datasets/open-dataset.ts';
import type { ListFiles } from '../../shared/datasets/parts/list-parts.ts';
import { resolvePartsSpec } from '../../shared/datasets/table/resolve-parts-spec.ts';
import { resolveTableSpec } from '../../shared/datasets/table/resolve-table-spec.ts';
import type { TableType } from '../../shared/datasets/table/table-names.ts';
import type { Columns } from '../../shared/domain/columns.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import { isObjectUrl, objectFolder } from '../../shared/stores/object-url.ts';
import { folderOfUrl, isRemoteUrl, isWebUrl } from '../../shared/stores/remote-url.ts';
import { createStores } from '../../shared/stores/stores.ts';
import { inputFormatOf, tableOf } from '../options/input-type.ts';
import { listColumns } from '../options/job-options.ts';
import type { RunInput } from '../run/check-input.ts';
import type { RunModel } from '../run/check-model.ts';

export type TuneInput = RunInput['paths'] & {
  readonly columns?: Columns | undefined;
  readonly delimiter?: string | undefined;
  readonly ignoreCase?: true | undefined;
};

type Model = Pick<RunModel, 'input' | 'fields'>;
interface Places {
  readonly files: ByteFiles;
  readonly listFiles: ListFiles;
}

export async function datasetOf(given: TuneInput, model: Model, config: Config): Promise<DatasetSpec> {
  const { input, manifest, inputFormat } = given;
  if (manifest !== undefined) return withPlaces(config, async (of) => manifestAt(manifest, given, of));
  const path = input!;
  const format = inputFormat ?? inputFormatOf(path);
  const table = tableOf(format);
  if (table !== null) return withPlaces(config, async (of) => tableAt(path, table, given, model, of));
  if (format === 'archive') return withPlaces(config, async (of) => archivesAt(path, given, model, of));
  return filesAt(path, given, model);
}

async function manifestAt(
  given: string,
  { columns, delimiter }: TuneInput,
  { files }: Places,
): Promise<DatasetSpec> {
  const { path, base } = await fileAt(given);
  const { signal } = new AbortController();
  const asked = { path, columns: listColumns(columns), delimiter };
  const list = await withHead(files, path, signal, async (file) => readListHead(file, asked, signal));
  return { type: 'manifest', path, base, ...(list && { list }) };
}

async function fileAt(path: string) {
  if (isRemoteUrl(path)) return { path, base: folderOfUrl(path) };
  return { path: await realpath(path), base: await realpath(dirname(path)) };
}

async function filesAt(
  path: string,
  { exclude = [], ignoreCase }: TuneInput,
  model: Model,
): Promise<DatasetSpec> {
  const listing = listingFor(model.input);
  const found = isObjectUrl(path) ? null : await stat(path).catch(() => null);
  if (found?.isFile()) {
    const root = await realpath(dirname(path));
    return { type: 'files', root, include: [], exclude: [], only: basename(path) };
  }
  const glob = found === null ? splitGlob(path) : null;
  const folder = glob?.base ?? path;
  const root = isObjectUrl(path) ? objectFolder(folder) : await realpath(folder);
  const include = glob === null ? [] : [glob.pattern];
  return { type: 'files', root, include, exclude, ...(ignoreCase && { ignore_case: ignoreCase }), listing };
}

async function tableAt(
  path: string,
  type: TableType,
  { columns, delimiter, ignoreCase }: TuneInput,
  { fields }: Model,
  { files, listFiles }: Places,
): Promise<DatasetSpec> {
  const { signal } = new AbortController();
  const given = { type, columns, delimiter };
  const found = isRemoteUrl(path) ? null : await stat(path).catch(() => null);
  const glob = found === null && !isWebUrl(path) ? splitGlob(path) : null;
  if (glob !== null || found?.isDirectory() === true || (isObjectUrl(path) && path.endsWith('/'))) {
    const folder = glob?.base ?? path;
    const base = isObjectUrl(path) ? objectFolder(folder) : await realpath(folder);
    const parts = { pattern: glob?.pattern ?? null, ...(ignoreCase && { ignore_case: ignoreCase }) };
    return resolvePartsSpec(files, listFiles, { ...given, path, base, parts }, fields, signal);
  }
  return (await resolveTableSpec(files, { ...given, ...(await fileAt(path)) }, fields, signal)).spec;
}

async function archivesAt(
  path: string,
  { columns, ignoreCase }: TuneInput,
  model: Model,
  places: Places,
): Promise<DatasetSpec> {
  const { signal } = new AbortController();
  const place = isRemoteUrl(path) ? remotePlace(path) : await localArchives(path);
  const given = { ...place, columns, ...(ignoreCase && { ignore_case: ignoreCase }) };
  return resolveArchiveSpec(given, model.input, places, signal);
}

async function localArchives(path: string) {
  const several = (await stat(path).catch(() => null)) === null ? splitArchives(path) : null;
  const real = await realpath(several?.folder ?? path);
  if (several === null) return { path: real, base: dirname(real) };
  return { path: join(real, several.pattern), base: real, shards: several.shards };
}

async function withPlaces<T>(config: Config, use: (places: Places) => Promise<T>): Promise<T> {
  const stores = createStores(config);
  try {
    const files = createDatasetFiles({ ...config, stores });
    return await use({ files, listFiles: (of) => openDataset(of, { stores, files }) });
  } finally {
    await stores.close();
  }
}
