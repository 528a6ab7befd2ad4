// If the temporary or data folder cannot be written, `run` and `up` print one sentence and leave nothing running.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSmallDisk } from '../chaos/full-disk.ts';
import { forebayCommands, type Ended } from '../support/forebay-command.ts';
import { writeImages, writeTinyModel } from '../support/service.ts';

let folder: string;
beforeAll(async () => {
  // This path is short, because the length of a socket path is limited.
  folder = mkdtempSync('/tmp/fbt-tmp-');
  writeTinyModel(join(folder, 'models', 'tiny'), 'tiny');
  await writeImages(join(folder, 'images'), 3);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUN = ['run', '--model', 'models/tiny', '--input', 'images', '--output', 'out'];
const UP = ['up', '--port', '0'];

async function endOf(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const forebay = forebayCommands(folder, env);
  try {
    return await forebay.run(...args);
  } finally {
    await forebay.close();
  }
}

function expectSentence({ code, err }: Ended, sentence: RegExp): void {
  expect(err).toMatch(sentence);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(err).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

describe('a temporary folder', () => {
  it('is reported with the fix if it does not exist or is a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const [path, says] of [
      [join(folder, 'absent'), 'does not exist: create it'],
      [file, 'is not a folder: create one there'],
    ] as const) {
      for (const ended of [await endOf({ TMPDIR: path }, ...RUN), await endOf({ TMPDIR: path }, ...UP)]) {
        expectSentence(
          ended,
          new RegExp(`^forebay: The temporary folder ${path} ${says}, or choose another with TMPDIR`),
        );
      }
    }
  });

  it('whose name is too long for a socket is not used for sockets, and the run completes', async () => {
    const long = join(folder, 'x'.repeat(120));
    mkdirSync(long);
    const forebay = forebayCommands(folder, { TMPDIR: long });
    try {
      const ended = await forebay.run(
        'run',
        '--model',
        'models/tiny',
        '--input',
        'images',
        '--output',
        'long-out',
      );
      expect([ended.code, ended.err]).toEqual([0, expect.stringContaining('3 of 3 rows') as string]);
      expect(readdirSync(long)).toEqual([]);
    } finally {
      await forebay.close();
    }
  });

  it('that is full is reported with the fix, and so is a full data folder', async ({ skip }) => {
    const path = join(folder, 'disk');
    const disk = mountSmallDisk(path);
    if (disk === null) skip('the test needs a full disk, and this user may not mount one');
    try {
      disk!.fill();
      const run = await endOf({ TMPDIR: path }, ...RUN);
      expectSentence(
        run,
        new RegExp(`^forebay: The temporary folder ${path} is full: free space there, or choose`),
      );
      const data = join(path, 'data');
      const up = await endOf({}, ...UP, '--data', data);
      expectSentence(
        up,
        new RegExp(
          `^forebay: The data folder ${data} is full: free space there, or choose another with --data`,
        ),
      );
    } finally {
      disk!.unmount();
    }
  });
});
