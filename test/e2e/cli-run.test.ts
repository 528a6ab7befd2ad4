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

const run = (output: string, ...more: string[]) =>
  forebay.run('run', '--model', 'tiny', '--input', 'images', '--output', output, '--lanes', '1', ...more);
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
  });

  it('escapes file names that would control a terminal, and writes them unchanged', async () => {
    const name = '\u001b]0;owned\u0007\u001b[31m\u202e.jpg';
    mkdirSync(join(folder, 'odd'));
    writeFileSync(join(folder, 'odd', name), 'not an image');
    const ended = await forebay.run('run', '--model', 'tiny', '--input', 'odd', '--output', 'odd-out');
    expect(ended.out).toContain(String.raw`\u001b]0;owned\u0007\u001b[31m\u202e.jpg`);
    expect((ended.out + ended.err).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(readOutput(join(folder, 'odd-out'), 'errors')[0]!.id).toContain(name);
  });

  it('stops after --limit rows, and prints the summary as JSON with --json', async () => {
    const ended = await run('limited', '--limit', '10', '--json', '--quiet', '--workers', '2');
    const { job } = JSON.parse(ended.out) as { job: { status: string; rows: unknown } };
    expect(job).toMatchObject({ status: 'completed', rows: { total: 10, succeeded: 10, failed: 0 } });
    expect(ended.err).toBe('');
    expect(indexes(rows('limited'))).toEqual(upTo(10));
  });

  it('prints only errors with --quiet', async () => {
    expect(await run('quiet', '--quiet')).toMatchObject({ code: 0, out: '', err: '' });
    mkdirSync(join(folder, 'bad'), { recursive: true });
    writeFileSync(join(folder, 'bad', 'a.png'), 'no image');
    const args = ['run', '--model', 'tiny', '--input', 'bad', '--output', 'quiet-bad', '--quiet'];
    const failed = await forebay.run(...args);
    expect(failed).toMatchObject({ code: 1, out: '' });
    expect(failed.err).toMatch(/^forebay: The job failed: all_rows_failed: .*\n$/);
  });

  it('shows how the time was spent with --stats', async () => {
    const ended = await run('stats', '--stats');
    expect(ended.out).toMatch(/^ +stage +per row +total +of lane time$/m);
    expect(ended.out).toMatch(/^ +run model /m);
    expect(ended.out).not.toMatch(/ 0\.000 ms/);
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

  it('resumes a finished output without computing a row, and replaces it with --overwrite', async () => {
    expect((await run('twice', '--block-rows', '8')).code).toBe(0);
    const before = partTimes('twice');
    expect(await run('twice', '--resume')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Completed: all 40 rows already done\n/),
    });
    expect(partTimes('twice')).toEqual(before);

    writeFileSync(join(folder, 'twice', 'mine.txt'), 'keep');
    expect((await run('twice', '--overwrite', '--limit', '5')).code).toBe(0);
    expect(indexes(rows('twice'))).toEqual(upTo(5));
    expect(existsSync(join(folder, 'twice', 'mine.txt'))).toBe(true);
  });

  it('counts bad rows, names their codes, and exits 1 when too many fail', async () => {
    mkdirSync(join(folder, 'mixed'));
    writeFileSync(join(folder, 'mixed', 'good.png'), readFileSync(join(folder, 'images', '000000.png')));
    for (const name of ['bad1.png', 'bad2.png']) writeFileSync(join(folder, 'mixed', name), 'no image');
    const args = ['run', '--model', 'tiny', '--input', 'mixed', '--lanes', '1', '--output'];

    const tolerated = await forebay.run(...args, 'tolerated');
    expect(tolerated.code).toBe(0);
    expect(tolerated.out).toMatch(/Completed: 3 rows, 2 failed, in /);
    expect(tolerated.out).toMatch(/unsupported_format: 2 rows, first bad1\.png: /);

    const failed = await forebay.run(...args, 'failed', '--max-errors', '1');
    expect(failed.code).toBe(1);
    expect(failed.out).toMatch(/Failed: .*\n {2}reason {3}too_many_errors: /);
  });

  it('takes a manifest, a glob and an output inside the input', async () => {
    writeFileSync(join(folder, 'list.txt'), 'images/000004.png\nimages/000002.png\n');
    const flags = ['run', '--model', 'tiny', '--lanes', '1'];
    expect((await forebay.run(...flags, '--manifest', 'list.txt', '--output', 'from-list')).code).toBe(0);
    expect(rows('from-list').map((row) => row.predictions![0]!.index)).toEqual([1, 2]);

    expect(
      (await forebay.run(...flags, '--input', 'images/00000[12].png', '--output', 'images/out')).code,
    ).toBe(0);
    const again = await forebay.run(...flags, '--input', 'images', '--output', 'images/out', '--overwrite');
    expect(again).toMatchObject({ code: 0 });
    expect(indexes(rows('images/out'))).toEqual(upTo(ROWS));
    rmSync(join(folder, 'images/out'), { recursive: true });
  });

  it('explains a model that cannot be loaded, exits 1 and writes no output', async () => {
    writeTinyModel(join(folder, 'broken'), 'broken', { preprocess: { crop: 9 } });
    const ended = await forebay.run('run', '--model', 'broken', '--input', 'images', '--output', 'none');
    expect(ended).toMatchObject({ code: 1, out: '' });
    // On a busy machine, the start is slow, and log lines of the processes come first.
    expect(ended.err).toMatch(/(^|\n)forebay: The model cannot be used: .*\n$/);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    await forebay.nothingLeft();
  });
});
