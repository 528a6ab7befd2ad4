/** What `forebay run` does: plan, run, say how it went. */
import type { CliContext } from '../context.ts';
import { emptyNote } from '../jobs/job-exit-code.ts';
import { formatCount, formatCounted } from '../progress/format.ts';
import { createProgressView, createQuietView } from '../progress/progress-view.ts';
import { summaryText } from '../progress/summary.ts';
import { resumeLine } from '../shell-words.ts';
import { planRun, type RunFlags } from './plan-run.ts';
import { exitCodeOfRun, runJob, type RunEnd } from './run-job.ts';

/** The exit code. Throws what planRun and runJob throw. */
export async function run(flags: RunFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  const plan = await planRun(flags, context.cwd, context.env);
  const end = await runJob({
    plan,
    workers: flags.workers,
    view: flags.quiet ? createQuietView(terminal) : createProgressView(terminal),
    context,
    onSummary: (summary) => terminal.out(flags.json ? `${JSON.stringify(summary)}\n` : summaryText(summary)),
    exitNow: (code) => process.exit(code),
  });
  if (end.kind === 'interrupted') terminal.err(stoppedText(end, context));
  const allowEmpty = flags.allowEmpty === true;
  const note = end.kind === 'ended' ? emptyNote(end.summary.job, allowEmpty) : null;
  if (note !== null) terminal.err(note);
  return exitCodeOfRun(end, allowEmpty);
}

function stoppedText(
  { job }: Extract<RunEnd, { kind: 'interrupted' }>,
  { program, argv }: CliContext,
): string {
  if (job === null) return 'Stopped before the job began.\n';
  const { total, succeeded, failed } = job.rows;
  const done = succeeded + failed;
  const rows =
    total === null ? formatCounted(done, 'row') : `${formatCount(done)} of ${formatCounted(total, 'row')}`;
  return `Stopped: ${rows} done and kept in ${job.output}. Go on with:\n  ${resumeLine(program, argv)}\n`;
}
