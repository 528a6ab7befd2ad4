/** `forebay plan`: asks the service at --url, or starts a temporary one, and shows the plan. */
import { resolve } from 'node:path';
import type { PlanWire } from '../../api/http/wire/plan.ts';
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import type { CliContext } from '../context.ts';
import { EXIT, exitCodeOfSignal, UsageError } from '../exit-codes.ts';
import { Interrupted, withOwnService } from '../launch/own-service.ts';
import { connectTo, isLocalUrl } from '../options/api-flags.ts';
import { toFilesInput, toSubmitOptions } from '../options/job-options.ts';
import { createNotesView, createProgressView } from '../progress/progress-view.ts';
import { checkInput } from '../run/check-input.ts';
import { checkModel } from '../run/check-model.ts';
import { checkOutput } from '../run/check-output.ts';
import { ownServiceEnv, wantsLog } from '../run/own-service-env.ts';
import { ownProcessFlag } from '../options/service-flags.ts';
import type { RunFlags } from '../run/plan-run.ts';
import { nextLine } from '../shell-words.ts';
import { planText } from './plan-text.ts';

export interface PlanFlags extends RunFlags {
  readonly url?: string;
  readonly apiKeyFile?: string;
}

/** The output that a plan without --output assumes. The command that it suggests names this folder, too. */
const NO_OUTPUT = 'results';

/** Returns the exit code. Throws UsageError, and the problems that the service reports. */
export async function plan(flags: PlanFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  if (flags.model === undefined)
    throw new UsageError('--model is missing: a model folder, or a name with --url');
  try {
    const made =
      flags.url === undefined
        ? await askOwn(flags.model, flags, context)
        : await askRunning(flags.url, flags, context);
    terminal.out(
      flags.json ? `${JSON.stringify(made)}\n` : planText(made, { next: nextLine(context, flags) }),
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Interrupted) return exitCodeOfSignal(error.signal);
    throw error;
  }
}

async function askRunning(url: string, flags: PlanFlags, context: CliContext): Promise<PlanWire> {
  const place = (path: string) => (isLocalUrl(url) ? resolve(context.cwd, path) : path);
  const { input, manifest, output } = flags;
  const flag = ownProcessFlag({ ...flags });
  if (flag !== null) {
    throw new UsageError(
      `${flag} cannot be used with --url, because it is a setting of the service that runs there`,
    );
  }
  if ((input === undefined) === (manifest === undefined)) {
    throw new UsageError('the rows need one source: give either --input or --manifest');
  }
  return connectTo({ ...flags, url }, context).plan({
    model: flags.model!,
    input: toFilesInput({
      ...flags,
      ...(input === undefined ? {} : { input: place(input) }),
      ...(manifest === undefined ? {} : { manifest: place(manifest) }),
    }),
    ...(output === undefined ? {} : { output: place(output) }),
    ...toSubmitOptions(flags),
  });
}

async function askOwn(given: string, flags: PlanFlags, context: CliContext): Promise<PlanWire> {
  const { cwd, env, terminal } = context;
  if (flags.apiKeyFile !== undefined) {
    throw new UsageError("--api-key-file needs --url, because a plan's temporary service requires no key");
  }
  const model = await checkModel(resolve(cwd, given), given);
  const output = resolve(cwd, flags.output ?? NO_OUTPUT);
  if (flags.output !== undefined) await checkOutput(output, flags.output, flags);
  const input = await checkInput(flags, cwd, output);
  const body: SubmitBody = {
    model: model.name,
    input: toFilesInput({ ...flags, ...input.paths }),
    ...(flags.output === undefined ? {} : { output }),
    ...toSubmitOptions(flags),
  };
  const view = flags.json ? createNotesView(terminal) : createProgressView(terminal);
  return withOwnService(
    {
      env: ownServiceEnv(flags, env, { model, inputRoots: input.roots, outputRoot: resolve(output, '..') }),
      verbose: wantsLog(flags, env),
      workers: flags.workers ?? 1,
      view,
      context,
      exitNow: (code) => process.exit(code),
      stopNote: 'Stopping.',
    },
    async (own) => {
      const api = await own.start(model.name);
      view.busy('Running a sample');
      return own.unlessEnded(api.plan(body));
    },
  );
}
