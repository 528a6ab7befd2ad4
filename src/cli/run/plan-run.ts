/**
 * Checks everything that `forebay run` can check before it starts a process. Plans the run: the request and the settings
 * of its processes.
 */
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import { UsageError } from '../exit-codes.ts';
import {
  toDelta,
  toFilesInput,
  toOutput,
  toSubmitOptions,
  type ColumnFlags,
  type GlobFlags,
  type JobFlags,
} from '../options/job-options.ts';
import { outputPlace, outputRoots, previousPlace } from '../options/output-place.ts';
import type { EmptyFlag } from '../jobs/job-exit-code.ts';
import type { ServiceFlags } from '../options/service-flags.ts';
import { checkInput } from './check-input.ts';
import type { RunModel } from './check-model.ts';
import { checkOutput } from './check-output.ts';
import { ownServiceEnv, wantsLog } from './own-service-env.ts';
import type { RunModelFlags } from './with-run-model.ts';

export interface RunFlags extends RunModelFlags, JobFlags, GlobFlags, ColumnFlags, ServiceFlags, EmptyFlag {
  readonly input?: string;
  readonly manifest?: string;
  readonly output?: string;
  readonly workers?: number;
  readonly quiet?: true;
  readonly stats?: true;
  readonly json?: true;
}

export interface RunPlan {
  readonly modelName: string;
  readonly body: SubmitBody;
  /** Whether the user asked for log lines. */
  readonly verbose: boolean;
  /** The environment of all processes, without the data folder. */
  readonly env: NodeJS.ProcessEnv;
}

/** Throws UsageError. */
export async function planRun(
  model: RunModel,
  flags: RunFlags,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<RunPlan> {
  if (flags.output === undefined)
    throw new UsageError('--output PLACE is missing: a folder, or an s3:// or az:// prefix for the results');
  const output = outputPlace(flags.output, cwd);
  await checkOutput(output, flags.output, flags);
  const previous = previousPlace(flags, cwd);
  const input = await checkInput(flags, cwd, output);
  return {
    modelName: model.name,
    verbose: wantsLog(flags, env),
    body: {
      model: model.name,
      input: toFilesInput({ ...flags, ...input.paths }),
      ...toOutput(output, flags),
      ...toDelta(flags, () => previous!),
      ...toSubmitOptions(flags),
    },
    env: ownServiceEnv(flags, env, {
      model,
      inputRoots: input.roots,
      outputRoots: outputRoots(output, previous),
    }),
  };
}
