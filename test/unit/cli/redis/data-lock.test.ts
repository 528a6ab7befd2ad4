import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockData } from '#forebay/cli/redis/data-lock.js';

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

  it('goes to exactly one of many callers that take it over from a dead process', async () => {
    heldBy({ pid: process.pid, started: 'an earlier life' });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockData(folder)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });
});
