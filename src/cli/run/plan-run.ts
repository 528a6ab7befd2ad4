/**
 * Checks all that `forebay run` can know before anything is started, and lays out the run: which model, what
 * to submit, which settings its processes get. Throws UsageError, or ForebayError of the model folder.
 */
import { resolve } from 'node:path';
import type { SubmitBody } from '../../api/wire/submit-request.ts';
import { UsageError } from '../exit-codes.ts';
import { toFilesInput, toSubmitOptions, type GlobFlags, type JobFlags } from '../options/job-options.ts';
import { toSettings, type ServiceFlags } from '../options/service-flags.ts';
import { checkInput } from './check-input.ts';
import { checkModel } from './check-model.ts';
import { checkOutput } from './check-output.ts';

export interface RunFlags extends JobFlags, GlobFlags, ServiceFlags {
  readonly model?: string;
  readonly input?: string;
  readonly manifest?: string;
  readonly output?: string;
  readonly workers: number;
  readonly quiet?: true;
  readonly json?: true;
}

export interface RunPlan {
  readonly modelName: string;
  readonly body: SubmitBody;
  /** The user asked for log lines. */
  readonly verbose: boolean;
  /** For all processes; the data folder is still to be added. */
  readonly env: NodeJS.ProcessEnv;
}

/** Settings of a service that make no sense for one run, though the user's environment may hold them. */
const NOT_FOR_RUNS = ['FOREBAY_HEALTH_PORT', 'FOREBAY_MAX_JOBS', 'FOREBAY_MODELS', 'REDIS_URL'];
/** Blocks are short; what is not done by then is done by --resume. */
const GRACE_S = '10';

export async function planRun(flags: RunFlags, cwd: string, env: NodeJS.ProcessEnv): Promise<RunPlan> {
  if (flags.model === undefined)
    throw new UsageError('--model DIR is missing: the folder of model.onnx and model.json');
  if (flags.output === undefined) throw new UsageError('--output DIR is missing: the folder for the results');
  const model = await checkModel(resolve(cwd, flags.model), flags.model);
  const output = resolve(cwd, flags.output);
  await checkOutput(output, flags.output, flags);
  const input = await checkInput(flags, cwd, output);
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_FOR_RUNS.includes(name)));
  return {
    modelName: model.name,
    verbose: flags.logLevel !== undefined || env['FOREBAY_LOG_LEVEL'] !== undefined,
    body: {
      model: model.name,
      input: toFilesInput({ ...flags, ...input.paths }),
      output,
      ...toSubmitOptions(flags),
    },
    env: {
      FOREBAY_LOG_LEVEL: 'warn',
      FOREBAY_SHUTDOWN_GRACE_S: GRACE_S,
      ...given,
      ...toSettings({
        lanes: flags.lanes,
        threadsPerLane: flags.threadsPerLane,
        decodeThreads: flags.decodeThreads,
        maxInflightMb: flags.maxInflightMb,
        maxFileMb: flags.maxFileMb,
        maxMegapixels: flags.maxMegapixels,
        fetchAllow: flags.fetchAllow,
        logLevel: flags.logLevel,
      } as ServiceFlags),
      FOREBAY_HOST: '127.0.0.1',
      FOREBAY_PORT: '0',
      FOREBAY_POOL: model.pool,
      FOREBAY_MODELS_DIR: model.dir,
      FOREBAY_INPUT_ROOTS: input.roots.map(rootWithoutColon).join(':'),
      FOREBAY_OUTPUT_ROOTS: rootWithoutColon(resolve(output, '..')),
    },
  };
}

/** Lists of folders are ":"-separated: a folder with one in its name is allowed by one above it. */
function rootWithoutColon(folder: string): string {
  const at = folder.indexOf(':');
  return at === -1 ? folder : folder.slice(0, folder.lastIndexOf('/', at)) || '/';
}
