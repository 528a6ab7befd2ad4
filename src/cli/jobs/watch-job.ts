/** Follows a job of a running service until it ends. Ctrl-C stops watching, not the job. */
import type { Client } from '../../client/client.ts';
import type { CliContext } from '../context.ts';
import { exitCodeOfSignal, type StopSignal } from '../exit-codes.ts';
import { emptyNote, exitCodeOfJob } from './job-exit-code.ts';
import { onStopSignals } from '../launch/stop-signals.ts';
import { followJob } from '../progress/follow-job.ts';
import { createProgressView } from '../progress/progress-view.ts';
import { gatherSummary } from '../progress/gather-summary.ts';
import { summaryText } from '../progress/summary-text.ts';
import { shellLine } from '../../shared/text/shell-line.ts';
import { serviceWords } from '../shell-words.ts';

const EVERY_MS = 500;

export interface WatchOptions {
  readonly api: Client;
  readonly context: CliContext;
  readonly json: boolean;
  /** Also show how the time was spent. */
  readonly stats?: boolean;
  /** Do not treat an empty input as a failure. */
  readonly allowEmpty?: boolean;
}

/**
 * Returns the exit code: 0 for a completed job, 1 for one that failed, was cancelled, or had no rows without
 * `allowEmpty`. If a signal stopped the watching, 128 plus the signal's number.
 */
export async function watchJob(
  id: string,
  { api, context, json, stats = false, allowEmpty = false }: WatchOptions,
): Promise<number> {
  const { terminal, program, argv } = context;
  const view = createProgressView(terminal);
  const stop = new AbortController();
  let stoppedBy: StopSignal | null = null;
  const ignoreSignals = onStopSignals({
    onFirst(signal) {
      stoppedBy = signal;
      stop.abort();
    },
    onForced: () => undefined,
  });
  try {
    const job = await followJob({ api, id, view, signal: stop.signal, everyMs: EVERY_MS });
    view.end();
    const summary = await gatherSummary(api, job);
    const next = `${program} ${shellLine(['resume', '--output', job.output, '--watch', ...serviceWords(argv)])}`;
    terminal.out(json ? `${JSON.stringify(summary)}\n` : summaryText(summary, { withStats: stats, next }));
    const note = emptyNote(job, allowEmpty);
    if (note !== null) terminal.err(note);
    return exitCodeOfJob(job, allowEmpty);
  } catch (error) {
    if (stoppedBy === null) throw error;
    view.end();
    terminal.err(
      `The job continues. To watch it again:\n  ${program} ${shellLine(['job', id, '--watch', ...serviceWords(argv)])}\n`,
    );
    return exitCodeOfSignal(stoppedBy);
  } finally {
    view.end();
    ignoreSignals();
  }
}
