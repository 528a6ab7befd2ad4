/**
 * The configuration of a process: every setting, read from the environment and frozen. A main.ts or a command reads it.
 */
import { resolve } from 'node:path';
import { cacheDir } from './cache-dir.ts';
import { readStores } from '../stores/stores-file.ts';
import { objectFolder } from '../stores/object-url.ts';
import { resultCachePlace } from './result-cache-place.ts';
import { readPlaces, splitRoots } from './split-roots.ts';
import { readSettings } from './read-settings.ts';
import { SETTINGS } from './setting-groups.ts';

/** As a value of FOREBAY_ONLINE_DIR. */
const OFF = 'off';

export type Config = ReturnType<typeof readConfig>;

/** Throws ForebayError `config_invalid` that names every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv, cwd: string) {
  const given = readSettings(SETTINGS, env);
  const dataDir = resolve(cwd, given.dataDir);
  const inputs = splitRoots('FOREBAY_INPUT_ROOTS', given.inputRoots, cwd);
  const outputs = splitRoots('FOREBAY_OUTPUT_ROOTS', given.outputRoots, cwd);
  const resultsDir = resolve(dataDir, 'results');
  const inputRoots = given.inputRoots.length === 0 ? [resolve(cwd)] : inputs.folders;
  const outputRoots = given.outputRoots.length === 0 ? [resultsDir] : outputs.folders;
  const models = readPlaces('FOREBAY_MODELS_DIR', given.modelsDirs, cwd, objectFolder);
  return Object.freeze({
    ...given,
    maxRows: given.maxRows ?? null,
    quotas: {
      jobs: given.quotaJobs ?? null,
      rows: given.quotaRows ?? null,
      bytes: given.quotaStoredBytes ?? null,
    },
    dataDir,
    cacheDir: cacheDir(env),
    modelsDirs: models.length === 0 ? [resolve(cwd, 'models')] : models,
    inputRoots,
    objectRoots: inputs.objects,
    /** See shared/stores/stores-file.ts. */
    ...readStores(given.storesFile === undefined ? null : resolve(cwd, given.storesFile), env),
    followLinks: given.followLinks === 'on',
    outputRoots,
    objectOutputRoots: outputs.objects,
    resultsDir,
    resultCache: resultCachePlace(given.resultCache, {
      cwd,
      dataDir,
      roots:
        // Without keys, there is only one tenant, who may read everything.
        given.auth === 'off'
          ? []
          : [...inputRoots, ...outputRoots, resultsDir, ...inputs.objects, ...outputs.objects],
    }),
    spoolDir: resolve(dataDir, 'spool'),
    onlineDir: !given.onlineDir || given.onlineDir === OFF ? undefined : resolve(cwd, given.onlineDir),
    profiles: given.profiles === 'on',
    predictors: given.predictors === 'on',
    scale: {
      targetS: given.scaleTargetS,
      min: given.scaleMin,
      max: given.scaleMax,
      downAfterMs: given.scaleDownAfterMs,
      rowsPerS: given.scaleRowsPerS,
    },
    webhooks: {
      secret: given.webhookSecret ?? null,
      tries: given.webhookTries,
      firstPauseMs: given.webhookPauseMs,
      timeoutMs: given.webhookTimeoutMs,
      progressMs: given.webhookProgressMs,
    },
  });
}

/** Folders that may contain inputs, and folders that must not. */
export function inputFolders({ inputRoots, dataDir, onlineDir, outputRoots, resultsDir }: Config) {
  return { inputRoots, dataDir, onlineDir, outputRoots: [...new Set([...outputRoots, resultsDir])] };
}

/** Folders that links in input folders may lead into, and folders that they must not. */
export function linkFolders(config: Config) {
  const folders = inputFolders(config);
  return config.followLinks ? { ...folders, inputRoots: ['/'] } : folders;
}
