/** `forebay submit`: submits a job to a running service. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import { listProblem, markLength } from '../../shared/datasets/lines/list-encoding.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../../shared/domain/job/job.ts';
import { isRemoteUrl } from '../../shared/stores/remote-url.ts';
import { messageOf } from '../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { batchWarning } from '../jobs/batch-warning.ts';
import { checkEmptyFlag, type EmptyFlag } from '../jobs/job-exit-code.ts';
import { watchJob } from '../jobs/watch-job.ts';
import { addApiUrlFlags, apiUrl, connectTo, isLocalUrl, type ApiFlags } from '../options/api-flags.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { askedModel, modelOfRequest, type ModelFlags } from '../options/pipeline-file.ts';
import { shellLine } from '../../shared/text/shell-line.ts';
import { serviceWords } from '../shell-words.ts';
import {
  addJobFlags,
  addWorkFlags,
  toDelta,
  toFilesInput,
  toOutput,
  toSubmitOptions,
  type ColumnFlags,
  type GlobFlags,
  type JobFlags,
} from '../options/job-options.ts';

interface SubmitFlags extends ApiFlags, ModelFlags, JobFlags, GlobFlags, ColumnFlags, EmptyFlag {
  readonly input?: string;
  readonly manifest?: string;
  readonly urls?: string;
  readonly inline?: string[];
  readonly output?: string;
  readonly idempotencyKey?: string;
  readonly webhook?: string;
  readonly webhookEvent?: WebhookEvent[];
  readonly watch?: true;
}

export function addSubmit(program: Command, context: CliContext): void {
  const command = program
    .command('submit')
    .summary('submit a job to a running service')
    .description('Submits a job to a running service (see: forebay up).');
  addWorkFlags(command)
    .option('--urls <file>', 'use instead of --input: a local file with one URL per line, sent with the job')
    .option(
      '--inline <files...>',
      'use instead of --input: local files, sent with the job (about 12 MB in total)',
    );
  addJobFlags(command);
  command
    .option('--idempotency-key <key>', 'submitting again with the same key returns the same job')
    .option('--webhook <url>', "URL to notify when the job ends (signed with the service's secret)")
    .addOption(
      new Option(
        '--webhook-event <name...>',
        'events to send, instead of only those at the end of the job',
      ).choices(WEBHOOK_EVENTS),
    )
    .addOption(FLAGS.watch())
    .addOption(FLAGS.allowEmpty());
  addApiUrlFlags(command).action(async (flags: SubmitFlags) =>
    context.exitWith(await submit(flags, context)),
  );
  addHelp(command, {
    examples: [
      'forebay submit --model digits-small --input photos --watch',
      'forebay submit --model digits-small --urls urls.txt --max-errors 1%',
      'forebay submit --model digits-small --inline one.jpg two.jpg --watch',
      'forebay submit --pipeline cascade.json --input photos --watch',
    ],
    notes: [
      'The service itself reads the paths, which must be below its input roots. For a service on this machine, relative\npaths start at the working folder. For any other service they are sent as they are. Without --output, the results go\nto results/<job id> in the data folder of the service.',
      '`forebay models` lists the models, also those that a pipeline may name.',
    ],
  });
}

async function submit(flags: SubmitFlags, context: CliContext): Promise<number> {
  const { terminal, program, argv } = context;
  const asked = askedModel(flags, '--model NAME is missing (see: forebay models)');
  checkEmptyFlag(flags);
  const url = apiUrl(flags, context);
  const toServicePath = (path: string) =>
    isLocalUrl(url) && !isRemoteUrl(path) ? resolve(context.cwd, path) : path;
  const body: SubmitBody = {
    ...(await modelOfRequest(asked, context.cwd)),
    input: await readInput(flags, context.cwd, toServicePath),
    ...toOutput(flags.output === undefined ? null : toServicePath(flags.output), flags),
    ...toDelta(flags, toServicePath),
    ...toSubmitOptions(flags),
    ...webhookOf(flags),
  };
  const api = connectTo(flags, context);
  const { idempotencyKey } = flags;
  const job = await api.submit(body, idempotencyKey === undefined ? {} : { idempotencyKey });
  if (!flags.watch) {
    terminal.out(flags.json ? `${JSON.stringify(job)}\n` : `${job.id}\n`);
    if (!flags.json)
      terminal.err(
        `To watch it: ${program} ${shellLine(['job', job.id, '--watch', ...serviceWords(argv)])}\n`,
      );
    return EXIT.ok;
  }
  if (!flags.json) terminal.err(`${job.id}\n`);
  const warning = await batchWarning(api, body);
  if (warning !== null) terminal.err(`${warning}\n`);
  return watchJob(job.id, { api, context, json: flags.json === true, allowEmpty: flags.allowEmpty === true });
}

function webhookOf({ webhook, webhookEvent }: SubmitFlags): Pick<SubmitBody, 'webhook'> {
  if (webhook === undefined) {
    if (webhookEvent === undefined) return {};
    throw new UsageError('--webhook-event needs --webhook URL');
  }
  return { webhook: { url: webhook, ...(webhookEvent && { events: webhookEvent }) } };
}

async function readInput(
  flags: SubmitFlags,
  cwd: string,
  toServicePath: (path: string) => string,
): Promise<SubmitBody['input']> {
  const given = (['input', 'manifest', 'urls', 'inline'] as const).filter(
    (name) => flags[name] !== undefined,
  );
  if (given.length !== 1) {
    const had = given.map((name) => `--${name}`).join(' and ');
    throw new UsageError(
      given.length === 0
        ? 'no input: give one of --input, --manifest, --urls, --inline'
        : `${had} cannot be combined: give only one of them`,
    );
  }
  if (flags.urls !== undefined) {
    const bytes = await readLocal(resolve(cwd, flags.urls), '--urls');
    const problem = listProblem(bytes);
    if (problem !== null) throw new UsageError(`--urls: ${flags.urls} ${problem}`);
    return {
      type: 'urls',
      urls: bytes
        .toString('utf8', markLength(bytes))
        .split(/\r?\n/)
        .filter((line) => line.trim() !== ''),
    };
  }
  if (flags.inline !== undefined) {
    const rows = flags.inline.map(async (file) => ({
      id: basename(file),
      data: (await readLocal(resolve(cwd, file), '--inline')).toString('base64'),
    }));
    return { type: 'inline', rows: await Promise.all(rows) };
  }
  const { input, manifest } = flags;
  return toFilesInput({
    ...flags,
    ...(input === undefined ? {} : { input: toServicePath(input) }),
    ...(manifest === undefined ? {} : { manifest: toServicePath(manifest) }),
  });
}

async function readLocal(path: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${flag} cannot be read: ${messageOf(error)}`);
  }
}
