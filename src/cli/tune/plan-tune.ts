/** Checks everything that `forebay tune` can check before it measures, and makes the request for the measuring process. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readConfig, type Config } from '../../shared/config/config.ts';
import { resolveArchiveSpec } from '../../shared/datasets/archive/resolve-archive-spec.ts';
import { splitArchives } from '../../shared/datasets/archive/split-archives.ts';
import { createDatasetFiles } from '../../shared/datasets/bytes/dataset-files.ts';
import type { ByteFiles } from '../../shared/datasets/bytes/byte-file.ts';
import { listingFor } from '../../shared/datasets/listing/listing-rule.ts';
import { openDataset } from '../../shared/datasets/open-dataset.ts';
import { createStores } from '../../shared/stores/stores.ts';
import type { RowFields } from '../../shared/tasks/row-fields.ts';
import { splitGlob } from '../../shared/datasets/files/split-glob.ts';
import { resolveTableSpec, type GivenTableFile } from '../../shared/datasets/table/resolve-table-spec.ts';
import type { Columns } from '../../shared/domain/columns.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import { inflightShares } from '../../shared/domain/memory-shares.ts';
import type { TuneRequest } from '../../shared/profiles/tune-events.ts';
import { UsageError } from '../exit-codes.ts';
import { checkInput, type RunInput } from '../run/check-input.ts';
import { checkModel, type RunModel } from '../run/check-model.ts';
import type { ColumnFlags } from '../options/job-options.ts';
import { isArchivePath, tableTypeOf } from '../options/input-type.ts';
import type { RowKind } from '../../shared/tasks/task-description.ts';
import { isObjectUrl, objectFolder } from '../../shared/stores/object-url.ts';
import { folderOfUrl, isRemoteUrl } from '../../shared/stores/remote-url.ts';

export interface TuneFlags extends ColumnFlags {
  readonly model?: string;
  readonly input?: string;
  readonly manifest?: string;
  readonly rows: number;
  readonly secondsPerConfig: number;
  readonly maxBatch?: number;
  readonly tryLanes?: number[];
  readonly tryThreadsPerLane?: number[];
  readonly tryBatchSizes?: number[];
  readonly tryDecodeThreads?: number[];
  readonly memoryLimitMb?: number;
  readonly exhaustive?: true;
  readonly report?: string;
  readonly json?: true;
}

const MB = 2 ** 20;

/** Throws UsageError, or ForebayError if a setting or the model folder is not valid. */
export async function planTune(flags: TuneFlags, cwd: string, env: NodeJS.ProcessEnv): Promise<TuneRequest> {
  if (flags.model === undefined)
    throw new UsageError('--model DIR is missing: the folder of model.onnx and model.json');
  const model = await checkModel(resolve(cwd, flags.model), flags.model);
  const config = readConfig(env, cwd);
  const { paths } = await checkInput(flags, cwd, config.cacheDir);
  if (flags.report !== undefined) await checkReport(resolve(cwd, flags.report), flags.report);
  return {
    modelDir: model.dir,
    dataset: await datasetOf({ ...paths, columns: flags.column, delimiter: flags.delimiter }, model, config),
    cacheDir: config.cacheDir,
    sampleRows: flags.rows,
    secondsPerConfig: flags.secondsPerConfig,
    maxBatch: flags.maxBatch ?? null,
    decodeIn: config.decodeIn,
    loadTimeoutMs: config.loadTimeoutMs,
    memoryLimitBytes: flags.memoryLimitMb === undefined ? null : flags.memoryLimitMb * MB,
    only: {
      ...(flags.tryLanes && { lanes: flags.tryLanes }),
      ...(flags.tryThreadsPerLane && { threads: flags.tryThreadsPerLane }),
      ...(flags.tryBatchSizes && { batches: flags.tryBatchSizes }),
      ...(flags.tryDecodeThreads && { decodeThreads: flags.tryDecodeThreads }),
    },
    exhaustive: flags.exhaustive ?? false,
    limits: {
      maxFileBytes: config.maxFileBytes,
      maxFetchRatio: config.maxFetchRatio,
      maxHeldBytes: inflightShares(config.maxInflightBytes).opened,
      maxPixels: config.maxPixels,
      maxImageRatio: config.maxImageRatio,
      maxDecodeBytes: config.maxDecodeBytes,
      decodeBudgetBytes: config.maxDecodeBytes,
      // The run belongs to the user, so rows may be anywhere that the user may read.
      inputRoots: ['/'],
    },
    fetchAllow: config.fetchAllow,
    s3: config.s3,
    fileCacheBytes: config.fileCacheBytes,
  };
}

type TuneInput = RunInput['paths'] & {
  readonly columns?: Columns | undefined;
  readonly delimiter?: string | undefined;
};

/** Resolves the same dataset as the API, without its limits on readable paths. */
async function datasetOf(
  { input, manifest, columns, delimiter, exclude = [] }: TuneInput,
  model: Pick<RunModel, 'input' | 'fields'>,
  config: Config,
): Promise<DatasetSpec> {
  const listing = listingFor(model.input);
  if (manifest !== undefined && isRemoteUrl(manifest)) {
    return { type: 'manifest', path: manifest, base: folderOfUrl(manifest) };
  }
  if (manifest !== undefined) {
    return { type: 'manifest', path: await realpath(manifest), base: await realpath(dirname(manifest)) };
  }
  const path = input!;
  const type = tableTypeOf(path);
  if (isRemoteUrl(path) && type !== null) {
    return specOfTable({ type, columns, delimiter, path, base: folderOfUrl(path) }, model.fields, config);
  }
  if (isObjectUrl(path)) {
    const glob = splitGlob(path);
    const root = objectFolder(glob?.base ?? path);
    return { type: 'files', root, include: glob === null ? [] : [glob.pattern], exclude, listing };
  }
  const found = await stat(path).catch(() => null);
  if (isArchivePath(path) && found?.isDirectory() !== true)
    return archivesOf(path, found !== null, columns, model.input, config);
  if (found?.isFile() && type !== null) {
    const table = {
      type,
      columns,
      delimiter,
      path: await realpath(path),
      base: await realpath(dirname(path)),
    };
    return specOfTable(table, model.fields, config);
  }
  if (found === null) {
    const glob = splitGlob(path)!;
    return {
      type: 'files',
      root: await realpath(glob.base),
      include: [glob.pattern],
      exclude,
      listing,
    };
  }
  if (found.isDirectory())
    return { type: 'files', root: await realpath(path), include: [], exclude, listing };
  const root = await realpath(dirname(path));
  return { type: 'files', root, include: [], exclude: [], only: basename(path) };
}

async function specOfTable(table: GivenTableFile, fields: RowFields, config: Config): Promise<DatasetSpec> {
  return withFiles(config, async (files) => {
    const { signal } = new AbortController();
    return (await resolveTableSpec(files, table, fields, signal)).spec;
  });
}

async function withFiles<T>(config: Config, use: (files: ByteFiles) => Promise<T>): Promise<T> {
  const stores = createStores(config);
  try {
    return await use(createDatasetFiles({ ...config, stores }));
  } finally {
    await stores.close();
  }
}

async function archivesOf(
  path: string,
  exists: boolean,
  columns: Columns | undefined,
  taskInput: RowKind,
  config: Config,
): Promise<DatasetSpec> {
  const several = exists ? null : splitArchives(path);
  const real = await realpath(several?.folder ?? path);
  const place =
    several === null
      ? { path: real, base: dirname(real) }
      : { path: join(real, several.pattern), base: real, shards: several.shards };
  return withFiles(config, async (files) => {
    const archives = { files, listFiles: (of: DatasetSpec) => openDataset(of) };
    return resolveArchiveSpec({ ...place, columns }, taskInput, archives, new AbortController().signal);
  });
}

/** Checked at the start, because measuring takes minutes. */
async function checkReport(path: string, given: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder?.isDirectory() !== true)
    throw new UsageError(`--report: there is no folder ${dirname(given)} to write into`);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new UsageError(`--report takes a file: ${given} is a folder`);
}
