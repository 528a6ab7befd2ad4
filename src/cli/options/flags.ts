/**
 * Options that several commands share, each declared once. A name has the same meaning and the same kind of value in every
 * command. Only its default may differ.
 */
import { Option } from 'commander';
import { MAX_FILE_MB, MAX_FILES } from '../../shared/domain/job/compaction.ts';
import { PART_FORMATS } from '../../shared/domain/job/part-format.ts';
import { allOrNames, httpUrl, names, wholeNumber } from './parsers.ts';

const option = (flags: string, text: string) => new Option(flags, text);

export const FLAGS = {
  model: () => option('--model <model>', 'folder of the model; for a running service, its name there'),
  pipeline: () =>
    option('--pipeline <file>', 'instead of --model: a local JSON file with a pipeline of models'),
  input: () =>
    option(
      '--input <path>',
      'folder, file or quoted glob, also s3://bucket/prefix or az://container/prefix, or the URL of a table. predict takes a local file, loadtest a local file or folder',
    ),
  manifest: () =>
    option(
      '--manifest <file>',
      'instead of --input: a file or URL with a path, URL or {"id","uri"} per line',
    ),
  output: () => option('--output <place>', 'folder, or s3:// or az:// prefix of the results'),
  format: () =>
    option('--format <format>', 'format of the results (default: jsonl, or that of the output)').choices(
      PART_FORMATS,
    ),
  join: () =>
    option(
      '--join <all|a,b>',
      'columns of the input to copy into the results: all, or their names; repeatable',
    ).argParser<true | string[]>(allOrNames),
  select: () =>
    option(
      '--select <a,b>',
      'columns of the results, such as label,score, and those of --join (default: all); repeatable',
    ).argParser<string[]>(names),
  compactFiles: () =>
    option('--compact-files <n>', 'make this many files of all results at the end').argParser<number>(
      wholeNumber(1, MAX_FILES),
    ),
  compactMb: () =>
    option('--compact-mb <n>', 'make files of about this size of all results at the end')
      .argParser<number>(wholeNumber(1, MAX_FILE_MB))
      .conflicts('compactFiles'),
  partitionBy: () =>
    option(
      '--partition-by <column>',
      'at the end, write the results to a folder per value of this column, such as label=cat',
    ),
  delta: () =>
    option(
      '--delta <previous>',
      'take results of unchanged rows over from an earlier output (its place or job), and compute only the others',
    ),
  deltaBy: () =>
    option(
      '--delta-by <how>',
      'how --delta tells whether a file has changed (default: stamp, its size and time)',
    ).choices(['stamp', 'content']),
  workers: () =>
    option('--workers <n>', 'worker processes (default: 1)').argParser<number>(wholeNumber(1, 64)),
  url: (otherwise: string) =>
    option('--url <url>', `a running service (default: ${otherwise})`).argParser<string>(httpUrl),
  json: () => option('--json', 'print JSON for programs'),
  watch: () =>
    option('--watch', 'follow the job until it ends; exit with 0 if it completed with rows, 1 if not'),
  allowEmpty: () => option('--allow-empty', 'exit with 0, not 1, if the input has no rows'),
  stats: () => option('--stats', 'show how the time was spent, what limits the job and how to speed it up'),
} as const;
