// What a user of the command sees if an input holds links or no rows.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forebayCommands, type ForebayCommands } from '../support/forebay-command.ts';
import { forebay as runHere } from '../support/forebay-program.ts';
import { readOutput, startService, writeImages, writeTinyModel, type Service } from '../support/service.ts';

let folder: string;
let forebay: ForebayCommands;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-empty-')));
  mkdirSync(join(folder, 'work'));
  forebay = forebayCommands(join(folder, 'work'));
  writeTinyModel(join(folder, 'work', 'tiny'), 'tiny');
  await writeImages(join(folder, 'work', 'images'), 3);
  await writeImages(join(folder, 'disk', 'deep'), 2);
});
afterAll(async () => {
  await forebay.close();
  rmSync(folder, { recursive: true });
});

const run = (input: string, output: string, ...more: string[]) =>
  forebay.run('run', '--model', 'tiny', '--input', input, '--output', output, '--lanes', '1', ...more);
const rows = (output: string) => readOutput(join(folder, 'work', output)).map(({ id }) => id);

describe('a run', () => {
  it('follows links to files and folders anywhere, and reports a broken link as a failed row', async () => {
    const linked = join(folder, 'work', 'linked');
    mkdirSync(linked);
    symlinkSync(join(folder, 'disk'), join(linked, 'disk'));
    symlinkSync(join(folder, 'disk', 'deep', '000000.png'), join(linked, 'one.png'));
    symlinkSync(join(folder, 'disk', 'gone.png'), join(linked, 'gone.png'));
    symlinkSync(folder, join(linked, 'disk', 'deep', 'up'));
    symlinkSync(linked, join(folder, 'work', 'as-link'));
    writeFileSync(join(linked, 'notes.txt'), 'no image');

    const ended = await run('as-link', 'from-links', '--exclude', '**/up/**');
    expect(ended).toMatchObject({ code: 0 });
    expect(rows('from-links')).toEqual(['disk/deep/000000.png', 'disk/deep/000001.png', 'one.png']);
    expect(ended.out).toMatch(/Completed: 4 rows, 1 failed/);
    expect(ended.out).toContain('file_not_found: 1 row, first gone.png: it is a link to nothing');
    expect(ended.out).toContain('left out 1 file with a non-image extension (notes.txt)');
  });

  it('exits 1 with the reason if the input has no row, unless --allow-empty accepts it', async () => {
    const cased = await run('images/*.PNG', 'cased', '--json');
    expect(cased.code).toBe(1);
    expect(JSON.parse(cased.out)).toMatchObject({
      job: { reason: 'empty_dataset', reason_text: expect.stringContaining('"*.png" matches 3 files') },
    });
    expect(cased.err).toContain('--allow-empty');

    const accepted = await run('images', 'accepted', '--include', '*.jpg', '--allow-empty');
    expect(accepted).toMatchObject({ code: 0, err: expect.not.stringContaining('--allow-empty') });
    expect(existsSync(join(folder, 'work', 'accepted', 'manifest.json'))).toBe(true);
  });

  it('reports a list that is not UTF-8 before it starts anything', async () => {
    writeFileSync(join(folder, 'work', 'utf16.txt'), Buffer.from('\uFEFFimages/000000.png\r\n', 'utf16le'));
    const args = ['--model', 'tiny', '--manifest', 'utf16.txt', '--output', 'listed'];
    const ended = await runHere({ cwd: join(folder, 'work') }, 'run', ...args);
    expect(ended).toMatchObject({ code: 2, err: expect.stringMatching(/utf16\.txt is UTF-16 .*iconv/) });
  });
});

describe('a followed job', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
    await writeImages(join(service.input, 'images'), 2);
    mkdirSync(join(service.input, 'nothing'));
  });
  afterAll(() => service.close());

  it('exits 1 if the input has no row, unless --allow-empty accepts it', async () => {
    const here = async (...args: string[]) => runHere({ cwd: folder }, ...args);
    const submit = async (name: string, ...more: string[]) => {
      const input = ['--input', join(service.input, name)];
      return here('submit', '--url', service.url, '--model', 'tiny', ...input, '--watch', ...more);
    };
    expect(await submit('nothing')).toMatchObject({ code: 1, err: expect.stringContaining('--allow-empty') });
    const accepted = await submit('nothing', '--allow-empty', '--json');
    expect(accepted.code).toBe(0);
    expect((await submit('images')).code).toBe(0);
    const { job } = JSON.parse(accepted.out) as { job: { id: string } };
    const watch = ['job', job.id, '--watch', '--url', service.url];
    expect((await here(...watch)).code).toBe(1);
    expect((await here(...watch, '--allow-empty')).code).toBe(0);
  });
});
