// How options become requests and settings.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addJobFlags, toFilesInput, toOutput, toSubmitOptions } from '#forebay/cli/options/job-options.js';
import { maxErrors } from '#forebay/cli/options/parsers.js';
import {
  addApiFlags,
  addStorageFlags,
  addWorkerFlags,
  toSettings,
} from '#forebay/cli/options/service-flags.js';
import { describeConfig } from '#forebay/shared/config/describe-config.js';
import { MAX_ERRORS } from '#forebay/shared/domain/option-schemas.js';
import { OPTION_NAMES } from '#forebay/shared/tasks/requested-options.js';

it.each([
  [null, {}, {}],
  ['/out', {}, { output: '/out' }],
  [null, { format: 'csv' }, { output: { format: 'csv' } }],
  ['/out', { format: 'csv' }, { output: { path: '/out', format: 'csv' } }],
] as const)('the output %j with %j is %j', (path, flags, output) => {
  expect(toOutput(path, flags)).toEqual(output);
});

describe('the parser of job options', () => {
  const parse = (...argv: string[]) =>
    toSubmitOptions(addJobFlags(new Command()).parse(argv, { from: 'user' }).opts());

  it('has a flag for every option of a job', () => {
    const flags = addJobFlags(new Command()).options.map((option) => option.attributeName());
    const camel = (name: string) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    for (const name of OPTION_NAMES) expect(flags).toContain(camel(name));
  });

  it('accepts the same values for --max-errors as the API', () => {
    for (const text of [
      '0',
      '10',
      '1%',
      '0.5%',
      '100%',
      '100.1%',
      '-1',
      '1.5',
      '%',
      '',
      '1e3',
      '101%',
      '007',
    ]) {
      const inDomain = MAX_ERRORS.safeParse(/^\d+$/.test(text) ? Number(text) : text).success;
      const read = () => maxErrors(text);
      if (inDomain) expect(MAX_ERRORS.parse(read()), text).toBe(read());
      else expect(read, text).toThrow('It must be');
    }
  });

  it('sends only what was given', () => {
    expect(parse()).toEqual({ options: {} });
    expect(
      parse(
        ...'--batch-size auto --block-rows 8 --max-errors 1% --limit 5 --priority 3 --top-k 2 --decode fast --concurrency 4'.split(
          ' ',
        ),
        '--overwrite',
      ),
    ).toEqual({
      options: {
        batch_size: 'auto',
        block_rows: 8,
        max_errors: '1%',
        limit: 5,
        priority: 3,
        top_k: 2,
        decode: 'fast',
        concurrency: 4,
        if_output_exists: 'overwrite',
      },
    });
    expect(parse('--max-errors', '10', '--metadata', 'a=b=c', '--metadata', 'd=', '--resume')).toEqual({
      options: { max_errors: 10, if_output_exists: 'resume' },
      metadata: { a: 'b=c', d: '' },
    });
  });
});

describe('the input', () => {
  it('is a table by its name, and may name columns', () => {
    expect(toFilesInput({ input: 'rows.jsonl' })).toEqual({ type: 'jsonl', path: 'rows.jsonl' });
    const column = { image: 'img' };
    expect(toFilesInput({ input: 'a.NDJSON', column })).toEqual({
      type: 'jsonl',
      path: 'a.NDJSON',
      columns: column,
    });
    expect(toFilesInput({ input: 'rows.csv' })).toEqual({ type: 'csv', path: 'rows.csv' });
    expect(toFilesInput({ input: 'rows.tsv' })).toEqual({ type: 'csv', path: 'rows.tsv' });
    expect(toFilesInput({ input: 'photos', include: ['*'] })).toEqual({
      type: 'files',
      path: 'photos',
      include: ['*'],
    });
  });

  it('is a table in several files by a glob, by the name of a folder, or if the flag says so', () => {
    for (const input of ['rows/*.parquet', 's3://b/rows.parquet/', 's3://b/**/*.pq']) {
      expect(toFilesInput({ input })).toEqual({ type: 'parquet', path: input });
    }
    expect(toFilesInput({ input: 'rows/*.CSV', ignoreCase: true })).toEqual({
      type: 'csv',
      path: 'rows/*.CSV',
      ignore_case: true,
    });
    const given = { input: 's3://b/part-*', inputFormat: 'csv', delimiter: ':' } as const;
    expect(toFilesInput(given)).toEqual({ type: 'csv', path: 's3://b/part-*', delimiter: ':' });
    const list = { manifest: 'urls.csv', column: { uri: 'link', id: 'key' }, delimiter: ';' };
    const columns = { uri: 'link', id: 'key' };
    expect(toFilesInput(list)).toEqual({ type: 'manifest', path: 'urls.csv', columns, delimiter: ';' });
    expect(() => toFilesInput({ manifest: 'a', inputFormat: 'csv' })).toThrow(
      '--input-format is for --input',
    );
  });

  it('is an archive by its name, also with globs and columns', () => {
    expect(toFilesInput({ input: 'photos.zip', include: ['a/**'] })).toEqual({
      type: 'archive',
      path: 'photos.zip',
      include: ['a/**'],
    });
    const column = { image: 'seg.png' };
    for (const input of ['s-{00..99}.tar', '*.tar.gz', 'A.TGZ', 's3://b/*.tar.zst', 'https://h/a.tar?x#y']) {
      expect(toFilesInput({ input, column })).toEqual({ type: 'archive', path: input, columns: column });
    }
    expect(toFilesInput({ input: 'rows.gz' })).toMatchObject({ type: 'files' });
  });

  it('takes flags only where they have a meaning', () => {
    expect(toFilesInput({ input: 'a.csv.gz', delimiter: ':' })).toEqual({
      type: 'csv',
      path: 'a.csv.gz',
      delimiter: ':',
    });
    for (const input of ['photos', 'rows.jsonl', 'photos.zip']) {
      expect(() => toFilesInput({ input, delimiter: ':' })).toThrow('--delimiter is for CSV files');
    }
    const column = { image: 'img' };
    expect(() => toFilesInput({ input: 'photos', column })).toThrow('--column names columns of a table');
    expect(() => toFilesInput({ manifest: 'list.csv', column })).toThrow(
      '--column uri=NAME names the column',
    );
    expect(() => toFilesInput({ manifest: 'list.txt', include: ['*'] })).toThrow('A manifest lists its rows');
    expect(() => toFilesInput({ manifest: 'list.txt', ignoreCase: true })).toThrow(
      'A manifest lists its rows',
    );
    expect(() => toFilesInput({ input: 'rows.jsonl', exclude: ['*'] })).toThrow(
      'A JSONL file lists its rows',
    );
  });
});

describe('settings', () => {
  it('are known for every flag', () => {
    const command = new Command();
    for (const add of [addStorageFlags, addApiFlags, addWorkerFlags]) add(command);
    const argv = command.options.flatMap((option) =>
      option.required ? [option.long!, '7'] : [option.long!],
    );
    const settings = toSettings(command.parse(argv, { from: 'user' }).opts());
    const known = describeConfig().map((setting) => setting.name);
    expect(Object.keys(settings)).toHaveLength(command.options.length);
    for (const name of Object.keys(settings)) expect(known).toContain(name);
  });
});
