// The lock of a data folder. The shepherd is a process that stops a private Redis after the owner has died.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockData } from '#forebay/cli/redis/data-lock.js';
import { putBack } from '#forebay/cli/redis/moved-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const heldBy = (owner: object, shepherd?: object) =>
  writeFileSync(join(folder, 'lock'), JSON.stringify({ owner, shepherd }));

describe('the lock of a data folder', () => {
  it('has one holder until it is released, and names it to others', async () => {
    const lock = await lockData(folder);
    await expect(lockData(folder)).rejects.toMatchObject({
      code: 'data_in_use',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    lock.release();
    (await lockData(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a process that is dead', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    heldBy({ pid: child.pid, started: null });
    (await lockData(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over when the process id now belongs to another process', async () => {
    heldBy({ pid: process.pid, started: 'an earlier life' });
    (await lockData(folder)).release();
  });

  it('is taken over from a truncated file after a crash', async () => {
    writeFileSync(join(folder, 'lock'), '{"owner":');
    (await lockData(folder)).release();
  });

  it('is taken over only after the shepherd of a dead owner has ended', async () => {
    const flushed = join(folder, 'flushed');
    const script = `process.stdin.resume().on('end', () => fs.writeFileSync(${JSON.stringify(flushed)}, ''))`;
    const shepherd = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'inherit'] });
    await once(shepherd, 'spawn');
    const first = await lockData(folder);
    first.shareWith(shepherd.pid!);
    const held = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')) as { shepherd: object };
    heldBy({ pid: process.pid, started: 'an earlier life' }, held.shepherd);

    const next = lockData(folder);
    shepherd.stdin.end();
    (await next).release();
    expect(existsSync(flushed)).toBe(true);
  });

  it('is not taken over if another process moved it aside and its holder is alive', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    await once(other, 'spawn');
    const [path, aside] = [join(folder, 'lock'), join(folder, 'lock.stale.1.a')];
    (await lockData(folder)).shareWith(other.pid!);
    const { shepherd } = JSON.parse(readFileSync(path, 'utf8')) as { shepherd: object };
    heldBy(shepherd);
    // A process that removes a stale lock may be killed after it has moved a newer lock aside.
    renameSync(path, aside);
    await expect(lockData(folder)).rejects.toMatchObject({
      code: 'data_in_use',
      message: expect.stringContaining(`process ${other.pid}`) as string,
    });
    expect(readdirSync(folder)).toEqual(['lock.stale.1.a']);
    other.stdin.end();
    await once(other, 'exit');
    (await lockData(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a dead process whose lock was moved aside', async () => {
    heldBy({ pid: process.pid, started: 'an earlier life' });
    renameSync(join(folder, 'lock'), join(folder, 'lock.stale.1.a'));
    (await lockData(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes back to its holder when the process that has meanwhile locked the folder releases it', async () => {
    const [path, aside] = [join(folder, 'lock'), join(folder, 'lock.stale.1.a')];
    await lockData(folder);
    const held = readFileSync(path, 'utf8');
    renameSync(path, aside);
    heldBy({ pid: 1, started: 'just now' });
    const back = putBack(aside, path, Infinity);
    expect(readFileSync(path, 'utf8')).toContain('just now');
    rmSync(path);
    await back;
    expect(readFileSync(path, 'utf8')).toBe(held);
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('keeps what its holder has written after another process moved it aside', async () => {
    const [path, aside] = [join(folder, 'lock'), join(folder, 'lock.stale.1.a')];
    const lock = await lockData(folder);
    renameSync(path, aside);
    lock.shareWith(process.pid, '/a/socket');
    await putBack(aside, path, Infinity);
    expect(readFileSync(path, 'utf8')).toContain('/a/socket');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('goes to exactly one of many callers that try to take it over from a dead process', async () => {
    heldBy({ pid: process.pid, started: 'an earlier life' });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockData(folder)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });
});
