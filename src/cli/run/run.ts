/** Runs `forebay run`: plan, run and print the summary. */
import { inCliTerms } from '../cli-terms.ts';
import type { CliContext } from '../context.ts';
import { emptyNote } from '../jobs/job-exit-code.ts';
import { formatCount, formatCounted } from '../progress/format.ts';
import { createProgressView, SILENT_VIEW } from '../progress/progress-view.ts';
import { summaryText, type Summary } from '../progress/summary-text.ts';
import { resumeLine } from '../shell-words.ts';
import { planRun, type RunFlags, type RunPlan } from './plan-run.ts';
import { exitCodeOfRun, runJob, type RunEnd } from './run-job.ts';
import { withRunModel } from './with-run-model.ts';

/** Returns the exit code. Throws the errors of withRunModel, planRun and runJob. */
export async function run(flags: RunFlags, context: CliContext): Promise<number> {
  return withRunModel(flags, context, async (model) => {
    const plan = await planRun(model, flags, context.cwd, context.env);
    return runPlan(plan, flags, context);
  });
}

async function runPlan(plan: RunPlan, flags: RunFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  const end = await runJob({
    plan,
    workers: flags.workers ?? 1,
    view: flags.quiet ? SILENT_VIEW : createProgressView(terminal),
    context,
    onSummary: (summary) => printSummary(summary, flags, context),
    exitNow: (code) => process.exit(code),
  });
  if (end.kind === 'interrupted' && !flags.quiet) terminal.err(stoppedText(end, context));
  const allowEmpty = flags.allowEmpty === true;
  const note = end.kind === 'ended' ? emptyNote(end.summary.job, allowEmpty) : null;
  if (note !== null) terminal.err(note);
  return exitCodeOfRun(end, allowEmpty);
}

/** With --quiet, only a failure is printed. --json is printed anyway, because the user asked for it. */
function printSummary(summary: Summary, flags: RunFlags, { terminal, program, argv }: CliContext): void {
  const { error } = summary.job;
  if (flags.json) terminal.out(`${JSON.stringify(summary)}\n`);
  else if (!flags.quiet) {
    const next = resumeLine(program, argv);
    terminal.out(summaryText(summary, { withStats: flags.stats === true, next }));
  }
  if (flags.quiet && error !== null) {
    terminal.err(`forebay: The job failed: ${error.code}: ${inCliTerms(error.message)}\n`);
  }
}

function stoppedText(
  { job }: Extract<RunEnd, { kind: 'interrupted' }>,
  { program, argv }: CliContext,
): string {
  if (job === null) return 'Stopped before the job started.\n';
  const { total, succeeded, failed } = job.rows;
  const done = succeeded + failed;
  const rows =
    total === null ? formatCounted(done, 'row') : `${formatCount(done)} of ${formatCounted(total, 'row')}`;
  return `Stopped: ${rows} done and kept in ${job.output}. To finish it:\n  ${resumeLine(program, argv)}\n`;
}
