// The command line: how options become requests and settings, how mistakes are told, which code is left.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '#forebay/client/client.js';
import { EXIT, exitCodeOf, exitCodeOfSignal, UsageError } from '#forebay/cli/exit-codes.js';
import { addJobFlags, toSubmitOptions } from '#forebay/cli/options/job-options.js';
import {
  addApiFlags,
  addStorageFlags,
  addWorkerFlags,
  toSettings,
} from '#forebay/cli/options/service-flags.js';
import { maxErrors } from '#forebay/cli/options/parsers.js';
import { runProgram } from '#forebay/cli/program.js';
import { planRun, type RunFlags } from '#forebay/cli/run/plan-run.js';
import { nextLine, programName, resumeLine, shellLine } from '#forebay/cli/shell-words.js';
import { describeConfig } from '#forebay/shared/config/describe-config.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { JOB_OPTIONS, MAX_ERRORS } from '#forebay/shared/domain/job.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';
import { writeTinyModel } from '../../support/service.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  writeTinyModel(join(folder, 'models', 'tiny'), 'tiny');
  mkdirSync(join(folder, 'photos', 'sub'), { recursive: true });
  writeFileSync(join(folder, 'photos', 'a.jpg'), 'x');
  writeFileSync(join(folder, 'list.txt'), 'photos/a.jpg\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function forebay(...argv: string[]) {
  const terminal = recordingTerminal({ live: false });
  const connect = (url: string) => createClient({ url });
  const context = { terminal, env: { PATH: '' }, cwd: folder, argv, program: 'forebay', connect };
  const code = await runProgram(context, '1.2.3');
  return { code, out: terminal.outText(), err: terminal.errText() };
}

describe('mistakes', () => {
  it.each([
    [['rum'], /^forebay: unknown command 'rum' \(Did you mean run\?\)\. See: forebay --help$/],
    [
      ['run', '--modell', 'x'],
      /^forebay: unknown option '--modell' \(Did you mean --model\?\)\. See: forebay run --help$/,
    ],
    [
      ['run', '--limit', '0'],
      /'0' is invalid\. It must be a whole number of at least 1\. See: forebay run --help$/,
    ],
    [['run', '--batch-size', 'big'], /whole number from 1 to 1024, or "auto"/],
    [['run', '--max-errors', '200%'], /a count such as 10, or a share of the rows such as 1%/],
    [['run', '--metadata', 'x'], /KEY=VALUE/],
    [['run', '--resume', '--overwrite'], /'--resume' cannot be used with option '--overwrite'/],
    [['run'], /^forebay: --model DIR is missing/],
    [['resume'], /^forebay: give either a paused job or --output DIR/],
    [['resume', 'job_x', '--output', 'y'], /^forebay: give either a paused job or --output DIR/],
    [['retry'], /missing required argument 'id'/],
    [['plan'], /^forebay: --model is missing: a model folder, or a name with --url/],
    [['plan', '--model', 'models/tiny'], /^forebay: --input PATH is missing/],
    [['plan', '--model', 'tiny', '--input', 'photos'], /^forebay: --model: there is no folder tiny/],
    [
      ['plan', '--model', 'tiny', '--input', 'photos', '--url', 'http://127.0.0.1:9', '--lanes', '2'],
      /^forebay: --lanes cannot be used with --url/,
    ],
    [['plan', '--model', 'tiny', '--url', 'http://127.0.0.1:9'], /give either --input or --manifest/],
    [['run', '--model', 'models/tiny'], /^forebay: --output DIR is missing/],
    [['run', '--model', 'models/tiny', '--output', 'o'], /^forebay: --input PATH is missing/],
    [
      ['run', '--model', 'models', '--output', 'o'],
      /takes one model; models holds tiny: --model models\/tiny$/,
    ],
    [
      ['run', '--model', 'models/tiny/model.onnx', '--output', 'o'],
      /not a file of it: --model models\/tiny$/,
    ],
    [['run', '--model', 'photos', '--output', 'o'], /holds no model\.onnx and model\.json/],
    [['run', '--model', 'nowhere', '--output', 'o'], /there is no folder nowhere/],
    [['run', '--model', 'models/tiny', '--output', 'o', '--input', 'fotos'], /there is no fotos$/],
    [['run', '--model', 'models/tiny', '--output', 'o', '--input', 'fotos/*.jpg'], /there is no fotos/],
    [
      ['run', '--model', 'models/tiny', '--output', 'photos', '--input', 'photos'],
      /photos is not empty: add --resume/,
    ],
    [
      ['run', '--model', 'models/tiny', '--output', 'list.txt', '--input', 'photos'],
      /--output must be a folder/,
    ],
    [
      ['run', '--model', 'models/tiny', '--output', 'o', '--input', 'photos', '--manifest', 'list.txt'],
      /cannot be combined/,
    ],
    [['submit', '--model', 'tiny'], /give one of --input, --manifest, --urls, --inline/],
    [['submit', '--model', 'tiny', '--urls', 'no.txt'], /--urls cannot be read/],
    [['results', 'x', '--errors', '--with-errors'], /cannot be used with option '--with-errors'/],
    [['run', '--quiet', '--log-level', 'info'], /'--quiet' cannot be used with option '--log-level/],
    [
      ['plan', '--model', 'models/tiny', '--input', 'photos', '--api-key-file', 'k'],
      /^forebay: --api-key-file needs --url/,
    ],
    [['jobs', '--url', 'http://'], /must be a URL/],
  ])('%j is told in one sentence, with exit code 2', async (argv, sentence) => {
    const { code, err, out } = await forebay(...argv);
    expect(err.trimEnd()).toMatch(sentence);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect([code, out]).toEqual([EXIT.usage, '']);
  });

  it('a service that is not there is told, with exit code 1', async () => {
    const { code, err } = await forebay('jobs', '--url', 'http://127.0.0.1:9');
    expect(err).toMatch(/^forebay: Nothing answers at http:\/\/127\.0\.0\.1:9 .*forebay up/);
    expect(code).toBe(EXIT.failed);
  });
});

describe('help', () => {
  it('shows every command, examples and exit codes', async () => {
    const { code, out } = await forebay();
    for (const name of [
      'run',
      'up',
      'submit',
      'jobs',
      'job',
      'results',
      'cancel',
      'pause',
      'resume',
      'models',
      'doctor',
      'api',
      'worker',
    ])
      expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(out).toContain('Examples:');
    expect(code).toBe(EXIT.ok);
  });

  it('shows the version', async () => {
    expect(await forebay('--version')).toMatchObject({ code: EXIT.ok, out: '1.2.3\n' });
  });
});

describe('job options', () => {
  const parse = (...argv: string[]) =>
    toSubmitOptions(addJobFlags(new Command()).parse(argv, { from: 'user' }).opts());

  it('has a flag for every option of a job', () => {
    const flags = addJobFlags(new Command()).options.map((option) => option.attributeName());
    const camel = (name: string) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    for (const name of Object.keys(JOB_OPTIONS.shape)) expect(flags).toContain(camel(name));
  });

  it('takes the same for --max-errors as the API', () => {
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

  it('sends what was given and nothing else', () => {
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

describe('settings', () => {
  it('knows every name that a flag is translated to', () => {
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

describe('the plan of a run', () => {
  const plan = (flags: Partial<RunFlags>) =>
    planRun({ model: 'models/tiny', output: 'out', workers: 1, ...flags }, folder, {
      REDIS_URL: 'redis://x',
      HOME: '/h',
    });

  it('gives the processes only the folders of the run, and a Redis of its own', async () => {
    const { env, body, modelName } = await plan({ input: 'photos', lanes: 2 });
    expect(modelName).toBe('tiny');
    expect(body).toEqual({
      model: 'tiny',
      input: { type: 'files', path: join(folder, 'photos') },
      output: join(folder, 'out'),
      options: {},
    });
    expect(env).toMatchObject({
      HOME: '/h',
      FOREBAY_MODELS_DIR: join(folder, 'models', 'tiny'),
      FOREBAY_INPUT_ROOTS: join(folder, 'photos'),
      FOREBAY_FOLLOW_LINKS: 'on',
      FOREBAY_OUTPUT_ROOTS: folder,
      FOREBAY_LANES: '2',
      FOREBAY_PORT: '0',
    });
    expect(env).not.toHaveProperty('REDIS_URL');
  });

  it('takes a glob from the folder before its first magic part', async () => {
    const { env, body } = await plan({ input: 'photos/**/*.jpg' });
    expect(body.input).toEqual({ type: 'files', path: join(folder, 'photos/**/*.jpg') });
    expect(env['FOREBAY_INPUT_ROOTS']).toBe(join(folder, 'photos'));
  });

  it('takes a single file and a manifest', async () => {
    expect((await plan({ input: 'photos/a.jpg' })).body.input).toEqual({
      type: 'files',
      path: join(folder, 'photos/a.jpg'),
    });
    const manifest = await plan({ manifest: 'list.txt' });
    expect(manifest.body.input).toEqual({ type: 'manifest', path: join(folder, 'list.txt') });
    expect(manifest.env['FOREBAY_INPUT_ROOTS']).toBe('/');
  });

  it('keeps an output inside the input from becoming rows', async () => {
    const { body } = await plan({ input: '.', output: 'results [1]', exclude: ['*.txt'] });
    expect(body.input).toMatchObject({ exclude: ['*.txt', 'results \\[1\\]/**'] });
  });
});

describe('exit codes', () => {
  it('are 2 for what only another command line can mend, else 1, and 128 + n for signals', () => {
    expect(exitCodeOf(new UsageError('x'))).toBe(2);
    expect(exitCodeOf(new ForebayError('model_not_found', 'x'))).toBe(2);
    expect(exitCodeOf(new ForebayError('address_in_use', 'x'))).toBe(1);
    expect(exitCodeOf(new Error('x'))).toBe(1);
    expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toEqual([130, 143]);
  });
});

describe('lines to paste into a shell', () => {
  it('quote what a shell would read otherwise', () => {
    expect(shellLine(['run', "it's", 'a b', '*.jpg', 'x=1'])).toBe("run 'it'\\''s' 'a b' '*.jpg' x=1");
  });

  it('resume with the same words, once', () => {
    expect(resumeLine('npx forebay', ['run', '--overwrite', '--input', 'my photos'])).toBe(
      "npx forebay run --input 'my photos' --resume",
    );
  });

  it('name the program as the user called it', () => {
    expect(programName({ npm_command: 'exec' }, '/x/forebay')).toBe('npx forebay');
    expect(programName({}, '/usr/bin/forebay')).toBe('forebay');
    expect(programName({}, '/x/bin/forebay.js')).toBe('node /x/bin/forebay.js');
  });
});

it('a plan names the command that runs what was planned', () => {
  const next = (argv: string[], flags = {}) => nextLine({ program: 'forebay', argv }, flags);
  expect(next(['plan', '--model', 'm', '--input', 'plan', '--json'])).toBe(
    'forebay run --model m --input plan --output results',
  );
  expect(next(['plan', '--output', 'o o'], { output: 'o o' })).toBe("forebay run --output 'o o'");
  const url = 'http://h:1';
  expect(next(['plan', '--model', 'm', '--url', url], { url })).toBe(`forebay submit --model m --url ${url}`);
});
