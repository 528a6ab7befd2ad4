/** The options of a job as flags, made from one table. `run`, `submit` and `plan` share them. */
import { Option, type Command } from 'commander';
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import { JOB_ID } from '../../shared/domain/job/job-id.ts';
import type { PartFormat } from '../../shared/domain/job/part-format.ts';
import type { MaxErrors, RequestedValue } from '../../shared/domain/option.ts';
import {
  OPTION_NAMES,
  optionNamed,
  type OPTION_TABLE,
  type OptionName,
} from '../../shared/tasks/requested-options.ts';
import { FLAGS } from './flags.ts';
import { UsageError } from '../exit-codes.ts';
import { INPUT_FORMATS, inputFormatOf, tableName, tableOf, type InputFormat } from './input-type.ts';
import { keyValue, maxErrors, numberWithin, several, wholeNumber, wholeNumberOrAuto } from './parsers.ts';
import { toFlag } from './service-flags.ts';

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** Flags by their names in camel case, as commander returns them. */
export type JobFlags = {
  readonly [Name in OptionName as Camel<Name>]?: RequestedValue<(typeof OPTION_TABLE)[Name]>;
} & {
  readonly metadata?: Record<string, string>;
  readonly format?: PartFormat;
  readonly join?: true | string[];
  readonly select?: string[];
  readonly compactFiles?: number;
  readonly compactMb?: number;
  readonly partitionBy?: string;
  readonly delta?: string;
  readonly deltaBy?: 'stamp' | 'content';
  readonly resume?: true;
  readonly overwrite?: true;
};

export interface GlobFlags {
  readonly include?: string[];
  readonly exclude?: string[];
  readonly ignoreCase?: true;
}

export interface ColumnFlags {
  readonly inputFormat?: InputFormat;
  readonly column?: Record<string, string>;
  readonly delimiter?: string;
}

/** The model or pipeline, and its rows. `tune` has them, too. */
export function addWorkFlags(command: Command): Command {
  return command
    .addOption(FLAGS.model())
    .addOption(FLAGS.pipeline())
    .addOption(FLAGS.input())
    .addOption(FLAGS.manifest());
}

function addInputFlags(command: Command): Command {
  command
    .option(
      '--include <glob>',
      'only files whose path below the folder, or in the archive, matches, such as "**/*.jpg"; repeatable',
      several,
    )
    .option('--exclude <glob>', 'no files whose path matches; repeatable', several);
  return addReadingFlags(command);
}

/** How the rows of an input are found and read. */
export function addReadingFlags(command: Command): Command {
  return command
    .addOption(ignoreCaseFlag())
    .addOption(inputFormatFlag())
    .addOption(columnFlag())
    .addOption(delimiterFlag());
}

function inputFormatFlag(): Option {
  const about =
    'what --input is, if its name does not show it, such as a folder of tables without extensions';
  return new Option('--input-format <format>', about).choices(INPUT_FORMATS);
}

function ignoreCaseFlag(): Option {
  return new Option('--ignore-case', 'globs ignore letter case, so that "*.jpg" matches A.JPG, too');
}

function columnFlag(): Option {
  const about =
    'the column of a table (or the member of a group in an archive) that feeds a field of the model, such as text=review, or id=key; repeatable';
  return new Option('--column <field=column>', about).argParser(keyValue);
}

function delimiterFlag(): Option {
  const about = 'what separates the values of a CSV file (default: the separator that its header uses most)';
  return new Option('--delimiter <character>', about);
}

/** The flags of a job, without those of `addWorkFlags`. */
export function addJobFlags(command: Command): Command {
  addOutputFlags(command);
  addInputFlags(command);
  for (const name of OPTION_NAMES) command.addOption(jobFlag(name));
  return command
    .option('--metadata <key=value>', 'a note kept with the job; repeatable', keyValue)
    .addOption(new Option('--resume', 'continue from the results in the output').conflicts('overwrite'))
    .addOption(new Option('--overwrite', 'replace the results in the output').conflicts('resume'));
}

/** The flags of the results. */
function addOutputFlags(command: Command): Command {
  return command
    .addOption(FLAGS.output())
    .addOption(FLAGS.format())
    .addOption(FLAGS.join())
    .addOption(FLAGS.select())
    .addOption(FLAGS.compactFiles())
    .addOption(FLAGS.compactMb())
    .addOption(FLAGS.partitionBy())
    .addOption(FLAGS.delta())
    .addOption(FLAGS.deltaBy());
}

/** The flag of one option of a job. */
export function jobFlag(name: OptionName): Option {
  const { value, auto, about, default: byDefault, placeholder } = optionNamed(name);
  const text = `${about}${auto ? ', or auto' : ''} (default: ${byDefault})`;
  const option = new Option(`${toFlag(name)} <${placeholder}>`, text);
  switch (value.type) {
    case 'count': {
      const read = auto ? wholeNumberOrAuto(value.min, value.max) : wholeNumber(value.min, value.max);
      return option.argParser<number | 'auto'>(read);
    }
    case 'number':
      return option.argParser<number>(numberWithin(value.min, value.max));
    case 'one_of':
      return option.choices(value.names);
    case 'name':
      return option;
    case 'error_limit':
      return option.argParser<MaxErrors>(maxErrors);
  }
}

/** The API's `output`. `path`: null for the default folder. */
export function toOutput(
  path: string | null,
  {
    format,
    join,
    select,
    compactFiles: files,
    compactMb: file_mb,
    partitionBy: partition_by,
  }: Pick<JobFlags, 'format' | 'join' | 'select' | 'compactFiles' | 'compactMb' | 'partitionBy'>,
): Pick<SubmitBody, 'output'> {
  const place = path === null ? {} : { path };
  const compact = files !== undefined ? { files } : file_mb !== undefined ? { file_mb } : null;
  const how = {
    ...(format && { format }),
    ...(join && { join }),
    ...(select && { select }),
    ...(compact && { compact }),
    ...(partition_by && { partition_by }),
  };
  if (Object.keys(how).length > 0) return { output: { ...place, ...how } };
  return path === null ? {} : { output: path };
}

/** The API's `delta`. `toPlace`: the place that a path names. */
export function toDelta(
  { delta, deltaBy: by }: Pick<JobFlags, 'delta' | 'deltaBy'>,
  toPlace: (path: string) => string,
): Pick<SubmitBody, 'delta'> {
  if (delta === undefined) {
    if (by === undefined) return {};
    throw new UsageError('--delta-by needs --delta PREVIOUS');
  }
  const previous = JOB_ID.safeParse(delta).success ? delta : toPlace(delta);
  return { delta: { previous, ...(by && { by }) } };
}

/** The API's `options` and `metadata`. Flags that were not given are left out. */
export function toSubmitOptions(flags: JobFlags): Pick<SubmitBody, 'options' | 'metadata'> {
  const values = flags as Readonly<Record<string, unknown>>;
  const options = {
    ...Object.fromEntries(OPTION_NAMES.map((name) => [name, values[jobFlag(name).attributeName()]])),
    if_output_exists: flags.resume ? 'resume' : flags.overwrite ? 'overwrite' : undefined,
  };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return {
    options: given as NonNullable<SubmitBody['options']>,
    ...(flags.metadata === undefined ? {} : { metadata: flags.metadata }),
  };
}

/** `--column` for a manifest that is a CSV file. Throws UsageError. */
export function listColumns(columns: ColumnFlags['column']): { uri: string; id?: string } | undefined {
  if (columns === undefined) return undefined;
  const { uri, id, ...others } = columns;
  const [other] = Object.keys(others);
  if (uri === undefined || other !== undefined) {
    throw new UsageError(
      'For a manifest that is a CSV file, --column uri=NAME names the column with the path or URL, and --column id=NAME the one with the id.',
    );
  }
  return id === undefined ? { uri } : { uri, id };
}

/** An input of `files`, `manifest`, `archive` or a table, depending on the flags. Paths stay as given. */
export function toFilesInput(
  flags: { input?: string; manifest?: string } & GlobFlags & ColumnFlags,
): SubmitBody['input'] {
  const { include, exclude, ignoreCase, column: columns, delimiter } = flags;
  if (flags.manifest !== undefined && flags.inputFormat !== undefined) {
    throw new UsageError('--input-format is for --input. A manifest has its own format.');
  }
  const format = flags.manifest === undefined ? (flags.inputFormat ?? inputFormatOf(flags.input!)) : null;
  if (delimiter !== undefined && format !== 'csv' && format !== null) {
    throw new UsageError('--delimiter is for CSV files (.csv or .tsv).');
  }
  const anyCase = { ...(ignoreCase && { ignore_case: true }) };
  const globs = { ...(include && { include }), ...(exclude && { exclude }) };
  if (format === 'archive') {
    return { type: 'archive', path: flags.input!, ...globs, ...anyCase, ...(columns && { columns }) };
  }
  const table = format === null ? null : tableOf(format);
  if (format === 'files' && columns !== undefined) {
    throw new UsageError('--column names columns of a table. A folder has none.');
  }
  if ((flags.manifest !== undefined || table !== null) && Object.keys(globs).length > 0) {
    const what = table === null ? 'A manifest' : tableName(table);
    throw new UsageError(`--include and --exclude select files of a folder. ${what} lists its rows itself.`);
  }
  if (flags.manifest !== undefined && ignoreCase)
    throw new UsageError('--ignore-case is for globs. A manifest lists its rows itself.');
  if (flags.manifest !== undefined) {
    const list = listColumns(columns);
    const more = { ...(list && { columns: list }), ...(delimiter !== undefined && { delimiter }) };
    return { type: 'manifest', path: flags.manifest, ...more };
  }
  const given = { path: flags.input!, ...(columns && { columns }), ...anyCase };
  if (table === 'csv') return { type: 'csv', ...given, ...(delimiter !== undefined && { delimiter }) };
  if (table !== null) return { type: table, ...given };
  return { type: 'files', path: flags.input!, ...globs, ...anyCase };
}
