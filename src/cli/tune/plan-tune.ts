/**
 * Checks everything that `forebay tune` can check before it measures, and makes the request for the measuring
 * process.
 */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readConfig } from '../../shared/config/config.ts';
import { inflightShares } from '../../shared/domain/memory-shares.ts';
import { whyForbidden } from '../../shared/models/predictors-off.ts';
import { datasetOf } from './tune-dataset.ts';
import type { TuneRequest } from '../../shared/profiles/tune-events.ts';
import { UsageError } from '../exit-codes.ts';
import { checkInput } from '../run/check-input.ts';
import type { RunModel } from '../run/check-model.ts';
import type { RunModelFlags } from '../run/with-run-model.ts';
import type { ColumnFlags } from '../options/job-options.ts';

export interface TuneFlags extends ColumnFlags, RunModelFlags {
  readonly input?: string;
  readonly manifest?: string;
  readonly ignoreCase?: true;
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

/** Throws UsageError, or ForebayError if a setting is not valid. */
export async function planTune(
  model: RunModel,
  flags: TuneFlags,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<TuneRequest> {
  const config = readConfig(env, cwd);
  const forbidden = config.predictors ? null : whyForbidden(model.config);
  if (forbidden !== null) throw forbidden;
  const { paths } = await checkInput(flags, cwd, config.cacheDir);
  if (flags.report !== undefined) await checkReport(resolve(cwd, flags.report), flags.report);
  return {
    modelDir: model.dir,
    dataset: await datasetOf(
      { ...flags, ...paths, columns: flags.column, delimiter: flags.delimiter, ignoreCase: flags.ignoreCase },
      model,
      config,
    ),
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
    azure: config.azure,
    fileCacheBytes: config.fileCacheBytes,
  };
}

/** Checked at the start, because measuring takes minutes. */
async function checkReport(path: string, given: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder?.isDirectory() !== true)
    throw new UsageError(`--report: there is no folder ${dirname(given)} to write into`);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new UsageError(`--report takes a file: ${given} is a folder`);
}
