// A flag has one meaning in all commands, the parser accepts all examples, and every way to ask for help works.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '#forebay/client/client.js';
import { EXIT } from '#forebay/cli/exit-codes.js';
import { inCliTerms } from '#forebay/cli/cli-terms.js';
import { toSubmitOptions } from '#forebay/cli/options/job-options.js';
import { createProgram, runProgram } from '#forebay/cli/program.js';
import { nextLine, nextPage, serviceWords } from '#forebay/cli/shell-words.js';
import { SCOPES } from '#forebay/shared/domain/scope.js';
import { OPTION_NAMES } from '#forebay/shared/tasks/requested-options.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'help-'));
  for (const name of [
    'photos/a.jpg',
    'photos/b.jpg',
    'photos/notes.txt',
    'other/img1.png',
    'other/img2.png',
    'other/x.png',
  ]) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), 'x');
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const contextOf = (argv: readonly string[] = []) => {
  const terminal = recordingTerminal({ live: false });
  const connect = (url: string) => createClient({ url });
  return { terminal, env: { PATH: '' }, cwd: folder, argv, program: 'forebay', connect };
};

async function forebay(...argv: string[]) {
  const context = contextOf(argv);
  const code = await runProgram(context, '1.2.3');
  return { code, out: context.terminal.outText(), err: context.terminal.errText() };
}

const programOf = () => createProgram({ ...contextOf(), exitWith: () => undefined }, '1.2.3');
const withChildren = (command: Command): Command[] => [command, ...command.commands.flatMap(withChildren)];
const pathOf = (command: Command): string =>
  command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();

/** The help of `model init` comes from another program. */
const COMMANDS = withChildren(programOf())
  .map(pathOf)
  .filter((path) => path !== 'model init');

/** Splits a line as a shell would. The examples use only single quotes. */
const wordsOf = (line: string) =>
  [...line.replace(/ > \S+$/, '').matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);

/** Parses with the real parser but runs nothing. */
async function parse(line: string): Promise<void> {
  const program = programOf();
  for (const command of withChildren(program)) command.action(() => undefined);
  await program.parseAsync(wordsOf(line).slice(1), { from: 'user' });
}

function helpOf(path: string): string {
  const command = withChildren(programOf()).find((one) => pathOf(one) === path)!;
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

const examplesOf = (help: string) =>
  (/\nExamples:\n((?: {2}.*\n)+)/.exec(help)?.[1] ?? '').split('\n').flatMap((line) => line.trim() || []);

describe('the help', () => {
  it.each(COMMANDS)('of "%s" has examples that the parser accepts, and exit codes', async (path) => {
    const help = helpOf(path);
    const examples = examplesOf(help);
    expect(examples.length).toBeGreaterThan(0);
    for (const line of examples) {
      expect(line).toMatch(new RegExp(`^forebay ${path}`));
      await expect(parse(line), line).resolves.toBeUndefined();
    }
    expect(help).toMatch(/^Exit codes: 0 .*\d/m);
  });

  it('of keys names every scope', () => {
    for (const scope of SCOPES) expect(helpOf('keys create')).toContain(scope);
  });

  it('is the same with -h, --help and the help command', async () => {
    const asked = [await forebay('run', '-h'), await forebay('run', '--help'), await forebay('help', 'run')];
    for (const { code, out, err } of asked) {
      expect([code, err]).toEqual([EXIT.ok, '']);
      expect(out).toBe(asked[0]!.out);
    }
    expect(asked[0]!.out).toMatch(/^Usage: forebay run /);
    expect((await forebay('help', 'keys', 'create')).out).toMatch(/^Usage: forebay keys create/);
    expect((await forebay('help')).out).toMatch(/^Usage: forebay \[/);
  });

  it('gives the usual error for an unknown command', async () => {
    expect(await forebay('help', 'rum')).toMatchObject({
      code: EXIT.usage,
      err: "forebay: unknown command 'rum' (Did you mean run?). See: forebay --help\n",
    });
  });

  it('is not shown with -v or --version, which print the version', async () => {
    for (const flag of ['-v', '--version']) {
      expect(await forebay(flag)).toEqual({ code: EXIT.ok, out: '1.2.3\n', err: '' });
    }
  });
});

describe('a flag', () => {
  interface Use {
    readonly path: string;
    readonly option: Option;
  }
  const uses = new Map<string, Use[]>();
  for (const command of withChildren(programOf())) {
    for (const option of command.options) {
      uses.set(option.long!, [...(uses.get(option.long!) ?? []), { path: pathOf(command), option }]);
    }
  }
  /** Leaves out the default, which may differ between commands. */
  const meaning = ({ option }: Use) => ({
    flags: option.flags,
    text: option.description.replace(/ \(default: .*\)$/, ''),
    choices: option.argChoices ?? null,
  });
  const shared = [...uses].filter(([, used]) => used.length > 1);

  it('is shared by several commands, so the next test has something to compare', () => {
    const names = shared.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['--output', '--input', '--json', '--url', '--models', '--model']),
    );
  });

  it.each(shared)('%s has one meaning and one kind of value in all commands', (_, used) => {
    const [first, ...others] = used.map(meaning);
    for (const other of others) expect(other).toEqual(first);
  });
});

it.each(['--clients', '--concurrency'])('loadtest takes the number of clients as %s', async (flag) => {
  const program = programOf();
  const loadtest = program.commands.find((command) => command.name() === 'loadtest')!;
  loadtest.action(() => undefined);
  await program.parseAsync(['loadtest', '--model', 'm', '--input', 'photos', flag, '1,8'], { from: 'user' });
  expect(loadtest.opts()).toMatchObject({ clients: [1, 8] });
});

describe('an argument without a flag', () => {
  it('is reported as an expanded pattern if the words are files, with the command to paste', async () => {
    const { code, err } = await forebay('run', '--input', 'photos/a.jpg', 'photos/b.jpg', '--output', 'o');
    expect(code).toBe(EXIT.usage);
    expect(err).toBe(
      "forebay: The shell expanded the pattern after --input to 2 files. Quote it:\n  forebay run --input 'photos/*.jpg' --output o\n",
    );
  });

  it('is reported with the narrowest pattern that matches all the files, unless a word is not a file', async () => {
    const some = await forebay('submit', '--model', 'm', '--input', 'other/img1.png', 'other/img2.png');
    expect(some.err).toContain("--input 'other/img*.png'");
    const last = await forebay(
      'submit',
      '--model',
      'm',
      '--input',
      'other/img2.png',
      'photos/notes.txt',
      'x',
    );
    expect(last.err).toContain("'photos/notes.txt' has no flag before it");
    const ending = await forebay('submit', '--model', 'm', '--input', 'other/img1.png', 'photos/a.jpg');
    expect(ending.err).toContain("--input '**/*'");
    const deep = await forebay('plan', '--include', 'photos/a.jpg', 'photos/b.jpg', 'other/x.png');
    expect(deep.err).toContain("after --include to 3 files. Quote it:\n  forebay plan --include '**/*'\n");
  });

  it('is reported with a corrected command if it is the input', async () => {
    const { err, code } = await forebay('run', 'photos', '--output', 'o');
    expect(err).toBe(
      'forebay: "photos" has no flag before it. Did you mean:\n  forebay run --input photos --output o\n',
    );
    expect(code).toBe(EXIT.usage);
  });

  it('is named in the error if it is not a file', async () => {
    expect((await forebay('run', 'fotos')).err).toBe(
      "forebay: 'fotos' has no flag before it. See: forebay run --help\n",
    );
  });
});

describe('the terms of the service', () => {
  it('include every option of a job', () => {
    const known = Object.keys(toSubmitOptions({ batchSize: 1, limit: 1, resume: true }).options!);
    expect(known).toContain('if_output_exists');
    const flags = new Set(withChildren(programOf()).flatMap((c) => c.options.map((option) => option.long)));
    for (const name of OPTION_NAMES) expect(flags).toContain(inCliTerms(`options.${name}`));
  });

  it.each([
    [
      'resume the job that it holds (if_output_exists "resume") or replace it (if_output_exists "overwrite").',
      'resume the job that it holds (--resume) or replace it (--overwrite).',
    ],
    ['7 of 9 finished rows failed; max_errors is 1%.', '7 of 9 finished rows failed; --max-errors is 1%.'],
    ['or only its first rows by options.limit.', 'or only its first rows by --limit.'],
    ['/options/top_k must be at most 1000', '--top-k must be at most 1000'],
    ['top_k 5 then, 3 now', '--top-k 5 then, 3 now'],
    ['GET /v1/jobs lists the jobs.', 'forebay jobs lists the jobs.'],
    ['(POST /v1/jobs/resume with the output)', '(forebay resume --output PLACE)'],
    ['raise FOREBAY_MAX_INFLIGHT_MB or', 'raise --max-inflight-mb (FOREBAY_MAX_INFLIGHT_MB) or'],
    ['Raise --queue-limit (FOREBAY_QUEUE_LIMIT), or', 'Raise --queue-limit (FOREBAY_QUEUE_LIMIT), or'],
    ['at most 20 (FOREBAY_MAX_ROWS).', 'at most 20 (FOREBAY_MAX_ROWS).'],
    // Names that the user chose stay unchanged.
    ['The output folder "/data/batch_size" is in use', 'The output folder "/data/batch_size" is in use'],
    ['a limit of concurrency', 'a limit of concurrency'],
  ])('%j become terms of the command line', (api, cli) => {
    expect(inCliTerms(api)).toBe(cli);
  });
});

describe('a suggested command', () => {
  it('calls the same service', () => {
    const argv = ['submit', '--url', 'http://h:1', '--model', 'm', '--api-key-file=k'];
    expect(serviceWords(argv)).toEqual(['--url', 'http://h:1', '--api-key-file=k']);
    expect(nextPage(['jobs', '--status', 'failed', '--cursor', 'a'], 'b')).toEqual([
      'jobs',
      '--status',
      'failed',
      '--cursor',
      'b',
    ]);
  });

  it('is one that the parser accepts, after any plan', async () => {
    const plans = [
      ['plan', '--model', 'm', '--input', 'photos', '--batch-size', '8', '--lanes', '2', '--workers', '2'],
      ['plan', '--model', 'm', '--input', 'photos', '--decode', 'fast', '--log-level', 'info', '--json'],
      ['plan', '--model', 'm', '--manifest', 'l', '--url', 'http://h:1', '--api-key-file', 'k'],
    ];
    for (const argv of plans) {
      const url = argv.includes('--url') ? { url: 'http://h:1' } : {};
      const line = nextLine({ program: 'forebay', argv }, { ...url, newOutput: 'results' });
      await expect(parse(line), line).resolves.toBeUndefined();
    }
  });
});
