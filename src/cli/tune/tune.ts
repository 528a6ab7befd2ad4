/** Runs `forebay tune`: checks the request, lets a separate process measure, and shows progress and result. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../shared/process/child-environment.ts';
import { ForebayError, type ErrorCode } from '../../shared/errors.ts';
import type { TuneEvent, TuneRequest, TuneStop, Tuned } from '../../shared/profiles/tune-events.ts';
import type { CliContext } from '../context.ts';
import { EXIT, exitCodeOfSignal, type StopSignal } from '../exit-codes.ts';
import { onStopSignals } from '../launch/stop-signals.ts';
import { withRunModel } from '../run/with-run-model.ts';
import { planTune, type TuneFlags } from './plan-tune.ts';
import { reportHtml } from './report.ts';
import { storeVariables } from './store-variables.ts';
import { createTuneView } from './tune-view.ts';
import { tunedText } from './tuned-text.ts';

const MAIN = fileURLToPath(new URL('../../workers/tune/main.js', import.meta.url));

/**
 * Returns the exit code. Throws the errors of withRunModel and planTune, ForebayError if measuring fails, and the
 * errors of node:fs if the report cannot be written.
 */
export async function tune(flags: TuneFlags, context: CliContext): Promise<number> {
  return withRunModel(flags, context, async (model) => {
    const request = await planTune(model, flags, context.cwd, context.env);
    return measure(request, flags, context);
  });
}

async function measure(request: TuneRequest, flags: TuneFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  const view = createTuneView(terminal);
  const child = fork(MAIN, [JSON.stringify(request)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    env: childEnvironment(context.env, storeVariables(context.env, [...request.s3, ...request.azure])),
  });
  let stopped: StopSignal | null = null;
  const kill = () => void child.kill('SIGKILL');
  const ignoreSignals = onStopSignals({
    onFirst(signal) {
      stopped = signal;
      if (child.connected) child.send({ type: 'stop' } satisfies TuneStop);
    },
    // A kill is safe. The lanes of the child end when their channel closes, and a profile is written in one step.
    onForced: kill,
  });
  process.on('exit', kill);
  let tuned: Tuned | null;
  try {
    tuned = await follow(child, (event) => view.show(event));
  } finally {
    view.end();
    kill();
    process.off('exit', kill);
    ignoreSignals();
  }
  if (tuned === null && stopped !== null) {
    terminal.err('Stopped before the first measurement. The settings stay unchanged.\n');
    return exitCodeOfSignal(stopped);
  }
  if (tuned === null) throw new ForebayError('internal', 'The measuring process ended without a result.');
  if (flags.report !== undefined) {
    const path = resolve(context.cwd, flags.report);
    await writeFile(path, reportHtml(tuned));
    terminal.err(`Report: ${path}\n`);
  }
  terminal.out(flags.json ? `${JSON.stringify(tuned)}\n` : tunedText(tuned));
  // If the signal came after the last measurement, the tuning is complete.
  return stopped !== null && tuned.stopped ? exitCodeOfSignal(stopped) : EXIT.ok;
}

/** Null if the process ended without a result. */
async function follow(child: ChildProcess, onEvent: (event: TuneEvent) => void): Promise<Tuned | null> {
  let tuned: Tuned | null = null;
  let failure: ForebayError | null = null;
  child.on('message', (message) => {
    const event = message as TuneEvent;
    if (event.type === 'done') tuned = event.tuned;
    else if (event.type === 'failed') failure = new ForebayError(event.code as ErrorCode, event.message);
    else onEvent(event);
  });
  // The streams may close before the last message of the channel. `disconnect` comes after it.
  const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  await ended;
  if (failure !== null) throw failure as ForebayError;
  return tuned;
}
