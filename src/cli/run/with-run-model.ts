/** The model of a command that starts its own processes: a folder, or a pipeline file with a temporary folder. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../shared/config/config.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { isMissing } from '../../shared/files/is-missing.ts';
import { INLINE_NAME } from '../../shared/models/inline-folder.ts';
import { readModelParts } from '../../shared/models/model-folder.ts';
import { CONFIG_FILE } from '../../shared/models/config-file.ts';
import { isObjectUrl } from '../../shared/stores/object-url.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { makeRunFolder, removeRunFolder } from '../launch/temp-folder.ts';
import { askedModel, readPipeline, type ModelFlags } from '../options/pipeline-file.ts';
import { toSettings } from '../options/service-flags.ts';
import { checkModel, readRunModel, type RunModel } from './check-model.ts';

export interface RunModelFlags extends ModelFlags {
  /** Where the models of the pipeline are. */
  readonly models?: readonly string[];
}

type Place = Pick<CliContext, 'cwd' | 'env'>;

const NO_MODEL =
  '--model DIR is missing: the folder of model.onnx and model.json (or --pipeline FILE: a pipeline of models)';

/** Calls `use` with the model. Throws UsageError, and the errors of checkModel and `use`. */
export async function withRunModel<T>(
  flags: RunModelFlags,
  place: Place,
  use: (model: RunModel) => Promise<T>,
): Promise<T> {
  const asked = askedModel(flags, NO_MODEL);
  if (asked.kind === 'pipeline') return withPipeline(asked.file, flags, place, use);
  if (flags.models !== undefined)
    throw new UsageError('--models needs --pipeline: it names the folder with the models of a pipeline');
  return use(await checkModel(asked.given, place.cwd, place.env));
}

/** A pipeline finds its models beside its own folder, so its temporary folder is placed among links to them. */
async function withPipeline<T>(
  file: string,
  { models }: RunModelFlags,
  { cwd, env }: Place,
  use: (model: RunModel) => Promise<T>,
): Promise<T> {
  const given = await readPipeline(file, cwd);
  if ((given['kind'] ?? 'pipeline') !== 'pipeline')
    throw new UsageError(`--pipeline ${file}: /kind must be "pipeline"; for other models use --model`);
  const modelsDir = oneFolder(readConfig({ ...env, ...toSettings({ models }) }, cwd).modelsDirs);
  const names = await namesIn(modelsDir);
  const folder = makeRunFolder(tmpdir());
  const remove = () => removeRunFolder(folder);
  process.on('exit', remove);
  try {
    await Promise.all(names.map(async (name) => symlink(join(modelsDir, name), join(folder, name))));
    // Models are not looked for in a hidden folder, so the pipeline cannot name itself.
    const dir = join(folder, `.${INLINE_NAME}`);
    await mkdir(dir);
    const config = { kind: 'pipeline', ...given, name: INLINE_NAME };
    await writeFile(join(dir, CONFIG_FILE), JSON.stringify(config));
    await checkPipeline(dir, file, modelsDir);
    return await use(await readRunModel(dir, dir));
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** Its messages name the models folder of the user, not the links. */
async function checkPipeline(dir: string, file: string, modelsDir: string): Promise<void> {
  try {
    await readModelParts(dir, undefined, { modelsDir });
  } catch (error) {
    if (!(error instanceof ForebayError) || error.issues === undefined) throw error;
    const issues = error.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    throw new UsageError(`--pipeline ${file}: ${issues.join('; ')}`);
  }
}

function oneFolder(modelsDirs: readonly string[]): string {
  const [dir] = modelsDirs;
  if (dir !== undefined && modelsDirs.length === 1 && !isObjectUrl(dir)) return dir;
  throw new UsageError(
    `--pipeline takes its models from one folder of this machine, and --models names ${modelsDirs.join(', ')}. Put links to the models into one folder, or submit the pipeline to a service that has them (forebay submit --pipeline)`,
  );
}

async function namesIn(modelsDir: string): Promise<string[]> {
  try {
    return (await readdir(modelsDir)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    const why = isMissing(error) ? `there is no folder ${modelsDir}` : messageOf(error);
    throw new UsageError(`--models names the folder with the models of the pipeline: ${why}`);
  }
}
