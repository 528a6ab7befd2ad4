/** `forebay plan`: asks the service at --url, or starts a temporary one, and shows the plan. */
import { existsSync } from 'node:fs';
import { isRemoteUrl } from '../../shared/stores/remote-url.ts';
import { resolve } from 'node:path';
import type { PlanWire } from '../../api/http/wire/plan.ts';
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import type { CliContext } from '../context.ts';
import { EXIT, exitCodeOfSignal, UsageError } from '../exit-codes.ts';
import { Interrupted, withOwnService } from '../launch/own-service.ts';
import { outputPlace, outputRoots, previousPlace } from '../options/output-place.ts';
import { connectTo, isLocalUrl } from '../options/api-flags.ts';
import { toDelta, toFilesInput, toOutput, toSubmitOptions } from '../options/job-options.ts';
import { askedModel, modelOfRequest, type AskedModel } from '../options/pipeline-file.ts';
import { createNotesView, createProgressView } from '../progress/progress-view.ts';
import { checkInput } from '../run/check-input.ts';
import type { RunModel } from '../run/check-model.ts';
import { checkOutput } from '../run/check-output.ts';
import { ownServiceEnv, wantsLog } from '../run/own-service-env.ts';
import { ownProcessFlag } from '../options/service-flags.ts';
import type { RunFlags } from '../run/plan-run.ts';
import { withRunModel } from '../run/with-run-model.ts';
import { nextLine } from '../shell-words.ts';
import { planText } from './plan-text.ts';

export interface PlanFlags extends RunFlags {
  readonly url?: string;
  readonly apiKeyFile?: string;
}

/**
 * Returns the exit code. Throws UsageError, ForebayError `invalid_model_config` or `model_load_failed`, and the
 * problems that the service reports.
 */
export async function plan(flags: PlanFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  const asked = askedModel(
    flags,
    '--model is missing: a model folder, or a name with --url (or --pipeline FILE)',
  );
  try {
    const made =
      flags.url === undefined
        ? await withRunModel(flags, context, async (model) => askOwn(model, flags, context))
        : await askRunning(flags.url, asked, flags, context);
    const next = () => nextLine(context, { ...flags, newOutput: newFolder(context.cwd) });
    terminal.out(flags.json ? `${JSON.stringify(made)}\n` : planText(made, { next: next() }));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Interrupted) return exitCodeOfSignal(error.signal);
    throw error;
  }
}

/** A name that is free in the folder. A plan without --output suggests it for the results. */
function newFolder(cwd: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? 'results' : `results-${n}`;
    if (!existsSync(resolve(cwd, name))) return name;
  }
}

async function askRunning(
  url: string,
  asked: AskedModel,
  flags: PlanFlags,
  context: CliContext,
): Promise<PlanWire> {
  const place = (path: string) => (isLocalUrl(url) && !isRemoteUrl(path) ? resolve(context.cwd, path) : path);
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
    ...(await modelOfRequest(asked, context.cwd)),
    input: toFilesInput({
      ...flags,
      ...(input === undefined ? {} : { input: place(input) }),
      ...(manifest === undefined ? {} : { manifest: place(manifest) }),
    }),
    ...toOutput(output === undefined ? null : place(output), flags),
    ...toDelta(flags, place),
    ...toSubmitOptions(flags),
  });
}

async function askOwn(model: RunModel, flags: PlanFlags, context: CliContext): Promise<PlanWire> {
  const { cwd, env, terminal } = context;
  if (flags.apiKeyFile !== undefined) {
    throw new UsageError("--api-key-file needs --url, because a plan's temporary service requires no key");
  }
  const output = flags.output === undefined ? null : outputPlace(flags.output, cwd);
  if (output !== null) await checkOutput(output, flags.output!, flags);
  const previous = previousPlace(flags, cwd);
  const input = await checkInput(flags, cwd, output);
  const body: SubmitBody = {
    model: model.name,
    input: toFilesInput({ ...flags, ...input.paths }),
    ...toOutput(output, flags),
    ...toDelta(flags, () => previous!),
    ...toSubmitOptions(flags),
  };
  const roots = outputRoots(output ?? resolve(cwd, 'results'), previous);
  const view = flags.json ? createNotesView(terminal) : createProgressView(terminal);
  return withOwnService(
    {
      env: ownServiceEnv(flags, env, { model, inputRoots: input.roots, outputRoots: roots }),
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
