// How the command ends if its output can no longer be written.
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/forebay.js', import.meta.url));

async function help(stdout: 'pipe' | number) {
  const stdio: StdioOptions = ['ignore', stdout, 'pipe'];
  const child = spawn(process.execPath, [BIN, '--help'], { stdio });
  child.stdout?.destroy();
  let err = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, err };
}

it('ends quietly if nobody reads its output any more', async () => {
  expect(await help('pipe')).toEqual({ code: 0, err: '' });
});

it('fails if the disk is full', async () => {
  const full = openSync('/dev/full', 'w');
  try {
    expect(await help(full)).toEqual({
      code: 1,
      err: 'forebay: the output cannot be written: ENOSPC: no space left on device, write\n',
    });
  } finally {
    closeSync(full);
  }
});
