// `forebay run` as a user runs it: real processes from the command line to the last part.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forebayCommands, type ForebayCommands } from '../support/forebay-command.ts';
import { forebay as runHere } from '../support/forebay-program.ts';
import { indexes, readOutput, upTo, writeImages, writeTinyModel } from '../support/service.ts';

const ROWS = 40;
let folder: string;
let forebay: ForebayCommands;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-run-'));
  forebay = forebayCommands(folder);
  writeTinyModel(join(folder, 'tiny'), 'tiny');
  await writeImages(join(folder, 'images'), ROWS);
});
afterAll(async () => {
  await forebay.close();
  rmSync(folder, { recursive: true });
});

const runOf = async (input: string, output: string, ...more: string[]) =>
  forebay.run('run', '--model', 'tiny', '--input', input, '--output', output, '--lanes', '1', ...more);
const run = async (output: string, ...more: string[]) => runOf('images', output, ...more);
const rows = (output: string) => readOutput(join(folder, output));
const partTimes = (output: string) =>
  readdirSync(join(folder, output))
    .filter((name) => name.startsWith('part-'))
    .map((name) => [name, statSync(join(folder, output, name)).mtimeMs]);

describe('forebay run', () => {
  it('answers every row once, prints a summary, exits 0 and leaves nothing running', async () => {
    const ended = await run('whole', '--block-rows', '8');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.out).toMatch(/^Completed: 40 rows in [\d.]+ s \([\d.,]+ rows\/s\)$/m);
    expect(ended.out).toContain(join(folder, 'whole', 'part-*.jsonl'));
    const answers = rows('whole').slice(0, 3);
    for (const { id, predictions } of answers) {
      const [best] = predictions!;
      const score = String(Number(best!.score.toPrecision(3)));
      expect(ended.out).toMatch(new RegExp(`^ +(answers +)?${id} +${best!.label} +${score}$`, 'm'));
    }
    expect(ended.out).not.toMatch(/per row|lanes/);
    expect(ended.err).toContain('40 of 40 rows (100 %)');
    expect(indexes(rows('whole'))).toEqual(upTo(ROWS));
    expect(rows('whole').map((row) => row.predictions![0]!.index)).toEqual(upTo(ROWS).map((i) => i % 3));
    await forebay.nothingLeft();

    // A resumed run computes no row again.
    const before = partTimes('whole');
    expect(await run('whole', '--resume')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Completed: all 40 rows already done\n/),
    });
    expect(partTimes('whole')).toEqual(before);

    writeFileSync(join(folder, 'whole', 'mine.txt'), 'keep');
    const replaced = await run('whole', '--overwrite', '--limit', '5', '--quiet');
    expect(replaced).toMatchObject({ code: 0, out: '', err: '' });
    expect(indexes(rows('whole'))).toEqual(upTo(5));
    expect(existsSync(join(folder, 'whole', 'mine.txt'))).toBe(true);
  });

  it('takes a glob, stops after --limit rows, and prints the summary as JSON with --json', async () => {
    const flags = ['--limit', '10', '--json', '--quiet', '--workers', '2'];
    const ended = await runOf('images/0000[12]?.png', 'limited', ...flags);
    const { job } = JSON.parse(ended.out) as { job: { status: string; rows: unknown } };
    expect(job).toMatchObject({ status: 'completed', rows: { total: 10, succeeded: 10, failed: 0 } });
    expect(ended.err).toBe('');
    expect(rows('limited').map((row) => row.predictions![0]!.index)).toEqual(
      upTo(10).map((i) => (i + 1) % 3),
    );
  });

  it('takes a manifest, and shows how the time was spent with --stats', async () => {
    writeFileSync(join(folder, 'list.txt'), 'images/000004.png\nimages/000002.png\n');
    const flags = ['--manifest', 'list.txt', '--output', 'from-list', '--lanes', '1', '--stats'];
    const ended = await forebay.run('run', '--model', 'tiny', ...flags);
    expect(ended.code).toBe(0);
    expect(rows('from-list').map((row) => row.predictions![0]!.index)).toEqual([1, 2]);
    expect(ended.out).toMatch(/^ +stage +per row +total +of lane time$/m);
    expect(ended.out).toMatch(/^ +run model /m);
    expect(ended.out).not.toMatch(/ 0\.000 ms/);
  });

  it('does not read an output inside the input', async () => {
    await writeImages(join(folder, 'outer'), 3);
    await writeImages(join(folder, 'outer', 'out'), 3);
    expect(await runOf('outer', 'outer/out', '--overwrite')).toMatchObject({ code: 0 });
    expect(rows('outer/out').map(({ id }) => id)).toEqual(upTo(3).map((i) => `00000${i}.png`));
  });

  it('refuses an output with files in it before it starts anything', async () => {
    mkdirSync(join(folder, 'occupied'));
    writeFileSync(join(folder, 'occupied', 'mine.txt'), 'keep');
    const args = ['--model', 'tiny', '--input', 'images', '--output', 'occupied'];
    const ended = await runHere({ cwd: folder }, 'run', ...args);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toMatch(/^forebay: occupied is not empty: add --resume .* --overwrite .*\n$/);
    expect(readdirSync(join(folder, 'occupied'))).toEqual(['mine.txt']);
  });

  it('counts bad rows, escapes names that would control a terminal, and exits 1 when too many fail', async () => {
    const odd = '\u001b]0;owned\u0007\u001b[31m\u202e.jpg';
    mkdirSync(join(folder, 'mixed'));
    writeFileSync(join(folder, 'mixed', 'good.png'), readFileSync(join(folder, 'images', '000000.png')));
    for (const name of [odd, 'bad.png']) writeFileSync(join(folder, 'mixed', name), 'no image');

    const tolerated = await runOf('mixed', 'tolerated');
    expect(tolerated.code).toBe(0);
    expect(tolerated.out).toMatch(/Completed: 3 rows, 2 failed, in /);
    expect(tolerated.out).toContain(
      String.raw`unsupported_format: 2 rows, first \u001b]0;owned\u0007\u001b[31m\u202e.jpg: `,
    );
    expect((tolerated.out + tolerated.err).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(readOutput(join(folder, 'tolerated'), 'errors').map(({ id }) => id)).toContain(odd);

    // Without --lanes, the worker chooses their number.
    const args = ['run', '--model', 'tiny', '--input', 'mixed', '--output', 'failed'];
    const failed = await forebay.run(...args, '--max-errors', '1', '--quiet');
    expect(failed).toMatchObject({ code: 1, out: '' });
    expect(failed.err).toMatch(/^forebay: The job failed: too_many_errors: .*\n$/);
  });

  it('explains a model that cannot be loaded, exits 1 and writes no output', async () => {
    writeTinyModel(join(folder, 'broken'), 'broken', { preprocess: { crop: 9 } });
    const args = ['--model', 'broken', '--input', 'images', '--output', 'none', '--lanes', '1'];
    const ended = await forebay.run('run', ...args);
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toMatch(/^forebay: The model cannot be used: .*\n$/);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    await forebay.nothingLeft();
  });

  it('shows what the code of a model printed before it failed to load', async () => {
    const load = "async load() { console.error('no such table'); throw new Error('no weights'); }";
    mkdirSync(join(folder, 'thrower'));
    writeFileSync(
      join(folder, 'thrower', 'predictor.js'),
      `export default { ${load}, async predict(rows) { return rows.map(() => ({})); } };`,
    );
    writeFileSync(join(folder, 'thrower', 'model.json'), '{"kind": "predictor", "input": "image"}');
    const args = ['--model', 'thrower', '--input', 'images', '--output', 'none', '--lanes', '1'];
    const ended = await forebay.run('run', ...args);
    expect(ended.err).toBe(
      'worker: no such table\nforebay: The model cannot be used: load() of the predictor failed: no weights\n',
    );
  });
});
