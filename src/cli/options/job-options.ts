/** The options of a job as flags: one for each field of the API's `options`, shared by `run` and `submit`. */
import { Option, type Command } from 'commander';
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import type { MaxErrors } from '../../shared/domain/job.ts';
import { DECODE_MODE, type DecodeMode } from '../../shared/domain/model-config.ts';
import { UsageError } from '../exit-codes.ts';
import { FLAGS } from './flags.ts';
import { keyValue, several, wholeNumber, wholeNumberOrAuto } from './parsers.ts';

export interface JobFlags {
  readonly batchSize?: number | 'auto';
  readonly blockRows?: number | 'auto';
  readonly concurrency?: number | 'auto';
  readonly maxErrors?: MaxErrors;
  readonly priority?: number;
  readonly topK?: number;
  readonly decode?: DecodeMode;
  readonly limit?: number;
  readonly metadata?: Record<string, string>;
  readonly resume?: true;
  readonly overwrite?: true;
}

export interface GlobFlags {
  readonly include?: string[];
  readonly exclude?: string[];
}

export function addGlobFlags(command: Command): Command {
  return command
    .option(
      '--include <glob>',
      'only files whose path below the folder matches, e.g. "**/*.jpg"; repeatable',
      several,
    )
    .option('--exclude <glob>', 'no files whose path matches; repeatable', several);
}

export function addJobFlags(command: Command): Command {
  return command
    .option('--limit <rows>', 'only the first rows, for a first try', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option(
      '--batch-size <rows>',
      "rows per model call, or auto (default: the model's own)",
      wholeNumberOrAuto(1, 1024),
    )
    .option(
      '--block-rows <rows>',
      'rows per block, the unit of retry and commit (default: about four batches, 1,024 of small images)',
      wholeNumberOrAuto(1, 10_000),
    )
    .option(
      '--concurrency <blocks>',
      'most blocks queued or running at once (default: auto)',
      wholeNumberOrAuto(1, 100_000),
    )
    .addOption(FLAGS.maxErrors())
    .option('--priority <n>', '1 (first) to 100 (default: 50)', wholeNumber(1, 100))
    .option('--top-k <n>', "answers per row (default: the model's own)", wholeNumber(1, 1000))
    .addOption(
      new Option(
        '--decode <mode>',
        "how JPEGs are decoded: exact as Pillow, fast with a few values slightly off, shrink for large ones (default: the model's own)",
      ).choices(DECODE_MODE.options),
    )
    .option('--metadata <key=value>', 'a note kept with the job; repeatable', keyValue)
    .addOption(new Option('--resume', 'continue from the results in the output').conflicts('overwrite'))
    .addOption(new Option('--overwrite', 'replace the results in the output').conflicts('resume'));
}

/** Fields of the API's `options`, but for what to do with an output that is there. */
export const JOB_OPTION_NAMES = [
  'batch_size',
  'block_rows',
  'concurrency',
  'max_errors',
  'priority',
  'top_k',
  'decode',
  'limit',
] as const satisfies readonly (keyof NonNullable<SubmitBody['options']>)[];

/** The API's `options` and `metadata`; absent fields stay absent. */
export function toSubmitOptions(flags: JobFlags): Pick<SubmitBody, 'options' | 'metadata'> {
  const options = {
    batch_size: flags.batchSize,
    block_rows: flags.blockRows,
    concurrency: flags.concurrency,
    max_errors: flags.maxErrors,
    priority: flags.priority,
    top_k: flags.topK,
    decode: flags.decode,
    limit: flags.limit,
    if_output_exists: flags.resume
      ? ('resume' as const)
      : flags.overwrite
        ? ('overwrite' as const)
        : undefined,
  };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { options: given, ...(flags.metadata === undefined ? {} : { metadata: flags.metadata }) };
}

/** `files` or `manifest`, whichever flag names it. Paths are passed on as given. */
export function toFilesInput(flags: { input?: string; manifest?: string } & GlobFlags): SubmitBody['input'] {
  if (flags.manifest !== undefined) {
    if (flags.include ?? flags.exclude) {
      throw new UsageError(
        '--include and --exclude choose files of a folder; a manifest names its rows itself.',
      );
    }
    return { type: 'manifest', path: flags.manifest };
  }
  const { include, exclude } = flags;
  return {
    type: 'files',
    path: flags.input!,
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
  };
}
