/** `forebay cancel|pause|resume ID`, and `forebay resume --output PLACE`. */
import type { Command } from 'commander';
import type { JobWire } from '../../api/http/wire/job.ts';
import type { MaxErrors } from '../../shared/domain/option.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { watchJob } from '../jobs/watch-job.ts';
import { outputPlace } from '../options/output-place.ts';
import { addApiUrlFlags, apiUrl, connectTo, isLocalUrl, type ApiFlags } from '../options/api-flags.ts';
import { checkEmptyFlag, type EmptyFlag } from '../jobs/job-exit-code.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { jobFlag } from '../options/job-options.ts';

const COMMANDS = {
  cancel: {
    summary: 'cancel a job',
    description: 'Cancels a job. The results written so far stay in its output.',
  },
  pause: {
    summary: 'pause a job',
    description: 'Pauses a job. Its waiting blocks leave the queue.',
  },
} as const;

interface ResumeFlags extends ApiFlags, EmptyFlag {
  readonly output?: string;
  readonly maxErrors?: MaxErrors;
  readonly watch?: true;
}

export function addControl(program: Command, context: CliContext): void {
  for (const name of ['cancel', 'pause'] as const) {
    const { summary, description } = COMMANDS[name];
    const command = program
      .command(name)
      .argument('<id>', 'the job')
      .summary(summary)
      .description(description);
    addApiUrlFlags(command).action(async (id: string, flags: ApiFlags) =>
      tell(await connectTo(flags, context)[name](id), flags, context),
    );
    addHelp(command, { examples: [`forebay ${name} job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z`] });
  }
  const command = program
    .command('resume')
    .argument('[id]', 'the paused job')
    .summary('continue a paused job, or finish the job that wrote an output')
    .description('Continues a paused job, or finishes the job that wrote an output.')
    .addOption(FLAGS.output())
    .addOption(jobFlag('max_errors'))
    .addOption(FLAGS.watch())
    .addOption(FLAGS.allowEmpty());
  addApiUrlFlags(command).action(async (id: string | undefined, flags: ResumeFlags) =>
    resume(id, flags, context),
  );
  addHelp(command, {
    examples: [
      'forebay resume job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z',
      'forebay resume --output results/digits --watch',
    ],
    notes: [
      'With --output, a new job finishes the job that wrote the output. The new job needs only the files of the output, so\nthis works even if Redis has lost its data or the job has failed. --max-errors then counts only the rows of the new job.',
    ],
  });
}

async function resume(id: string | undefined, flags: ResumeFlags, context: CliContext): Promise<void> {
  const url = apiUrl(flags, context);
  const api = connectTo(flags, context);
  if ((id === undefined) === (flags.output === undefined)) {
    throw new UsageError('give either a paused job or --output PLACE');
  }
  if (id !== undefined && flags.maxErrors !== undefined) {
    throw new UsageError(
      '--max-errors cannot be used with a job: a paused job keeps its own limit. To set another one, cancel the job and finish its output with --output PLACE --max-errors N',
    );
  }
  checkEmptyFlag(flags);
  let job: JobWire;
  if (id !== undefined) job = await api.resume(id);
  else {
    const { output = '', maxErrors } = flags;
    const folder = isLocalUrl(url) ? outputPlace(output, context.cwd) : output;
    job = await api.resumeOutput({
      output: folder,
      ...(maxErrors === undefined ? {} : { options: { max_errors: maxErrors } }),
    });
  }
  if (!flags.watch) return tell(job, flags, context);
  context.exitWith(
    await watchJob(job.id, {
      api,
      context,
      json: flags.json === true,
      allowEmpty: flags.allowEmpty === true,
    }),
  );
}

function tell(job: JobWire, flags: ApiFlags, context: CliContext): void {
  context.terminal.out(flags.json ? `${JSON.stringify(job)}\n` : `${job.id} ${job.status}\n`);
  context.exitWith(EXIT.ok);
}
