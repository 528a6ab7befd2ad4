// The command line as a whole: the message and exit code for each mistake.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '#forebay/client/client.js';
import { EXIT, exitCodeOf, exitCodeOfSignal, UsageError } from '#forebay/cli/exit-codes.js';
import { runProgram } from '#forebay/cli/program.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';
import { writeTinyModel } from '../../support/service.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  writeTinyModel(join(folder, 'models', 'tiny'), 'tiny');
  mkdirSync(join(folder, 'photos', 'sub'), { recursive: true });
  writeFileSync(join(folder, 'photos', 'a.jpg'), 'x');
  for (const [model, file] of [
    ['typed', 'predictor.ts'],
    ['common', 'predictor.cjs'],
  ] as const) {
    mkdirSync(join(folder, model));
    writeFileSync(join(folder, model, file), '');
  }
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
      /^forebay: unknown option '--modell' \(Did you mean one of --model, --models\?\)\. See: forebay run --help$/,
    ],
    [
      ['run', '--limit', '0'],
      /'0' is invalid\. It must be a whole number of at least 1\. See: forebay run --help$/,
    ],
    [['run', '--batch-size', 'big'], /whole number from 1 to 1024, or "auto"/],
    [['run', '--max-errors', '200%'], /a count such as 10, or a percentage of the rows such as 1%/],
    [['run', '--metadata', 'x'], /KEY=VALUE/],
    [['run', '--resume', '--overwrite'], /'--resume' cannot be used with option '--overwrite'/],
    [['run'], /^forebay: --model DIR is missing/],
    [['resume'], /^forebay: give either a paused job or --output PLACE/],
    [['resume', 'job_x', '--output', 'y'], /^forebay: give either a paused job or --output PLACE/],
    [
      ['resume', 'job_x', '--max-errors', '5'],
      /^forebay: --max-errors cannot be used with a job: .* cancel the job and finish its output with --output PLACE/,
    ],
    [['resume', 'job_x', '--allow-empty'], /^forebay: --allow-empty has no effect without --watch: add/],
    [['resume', '--output', 'y', '--allow-empty'], /^forebay: --allow-empty has no effect without --watch/],
    [['job', 'job_x', '--allow-empty', '--stats'], /^forebay: --allow-empty has no effect without --watch/],
    [
      ['submit', '--model', 'tiny', '--input', 'photos', '--allow-empty'],
      /^forebay: --allow-empty has no effect without --watch/,
    ],
    [['retry'], /missing required argument 'id'/],
    [['plan'], /^forebay: --model is missing: a model folder, or a name with --url/],
    [['plan', '--model', 'models/tiny'], /^forebay: --input PATH is missing/],
    [['plan', '--model', 'tiny', '--input', 'photos'], /^forebay: --model: there is no folder tiny/],
    [
      ['plan', '--model', 'tiny', '--input', 'photos', '--url', 'http://127.0.0.1:9', '--lanes', '2'],
      /^forebay: --lanes cannot be used with --url/,
    ],
    [['plan', '--model', 'tiny', '--url', 'http://127.0.0.1:9'], /give either --input or --manifest/],
    [['run', '--model', 'models/tiny'], /^forebay: --output PLACE is missing/],
    [['run', '--model', 'models/tiny', '--output', 'o'], /^forebay: --input PATH is missing/],
    [
      ['run', '--model', 'models', '--output', 'o'],
      /takes one model, but models holds tiny: --model models\/tiny$/,
    ],
    [
      ['run', '--model', 'models/tiny/model.onnx', '--output', 'o'],
      /not a file in it: --model models\/tiny$/,
    ],
    [['run', '--model', 'photos', '--output', 'o'], /holds neither model\.onnx nor model\.json/],
    [
      ['run', '--model', 'typed', '--output', 'o'],
      /typed holds no module that can be loaded\. Compile predictor\.ts to predictor\.js, as an ES module$/,
    ],
    [
      ['run', '--model', 'common', '--output', 'o'],
      /common holds no module that can be loaded\. Write predictor\.cjs as an ES module, predictor\.mjs$/,
    ],
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
  ])('%j gives one sentence and exit code 2', async (argv, sentence) => {
    const { code, err, out } = await forebay(...argv);
    expect(err.trimEnd()).toMatch(sentence);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect([code, out]).toEqual([EXIT.usage, '']);
  });

  it('a service that does not answer gives exit code 1', async () => {
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

describe('exit codes', () => {
  it('are 2 for errors that only another command line can fix, 128 + n for signals, and 1 otherwise', () => {
    expect(exitCodeOf(new UsageError('x'))).toBe(2);
    expect(exitCodeOf(new ForebayError('model_not_found', 'x'))).toBe(2);
    expect(exitCodeOf(new ForebayError('address_in_use', 'x'))).toBe(1);
    expect(exitCodeOf(new Error('x'))).toBe(1);
    expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toEqual([130, 143]);
  });
});
