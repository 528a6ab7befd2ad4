// Restarting processes, showing their log lines, and cleaning up after killed runs.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readableLine } from '#forebay/shared/observe/readable-line.js';
import { createRestartPolicy } from '#forebay/cli/launch/restart-policy.js';
import { startServiceProcess } from '#forebay/cli/launch/service-process.js';
import { createStartupLog } from '#forebay/cli/launch/startup-log.js';
import { supervise } from '#forebay/cli/launch/supervisor.js';
import {
  makeMemoryFolder,
  makeRunFolder,
  removeAbandonedRunFolders,
  removeRunFolder,
} from '#forebay/cli/launch/temp-folder.js';
import { mountSmallDisk } from '../../chaos/full-disk.ts';
import { waitUntil } from '../../support/wait-until.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'launch-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a process that runs this program. */
function start(name: string, program: string, onLine: (line: string) => void = () => undefined) {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, program);
  return startServiceProcess({ name, main: pathToFileURL(path), env: { PATH: process.env['PATH'] }, onLine });
}
const READY =
  "process.on('SIGTERM',()=>process.exit(0));setInterval(()=>{},1e3);process.send({type:'ready',url:'http://127.0.0.1:5'});";

describe('the restart policy', () => {
  it('waits longer each time and gives up after five deaths in a minute', () => {
    const policy = createRestartPolicy(() => 0);
    expect([1, 2, 3, 4, 5].map(() => policy.onDeath())).toEqual([200, 400, 800, 1600, null]);
  });

  it('forgets deaths that are more than a minute old', () => {
    let now = 0;
    const policy = createRestartPolicy(() => now);
    const delays = Array.from({ length: 20 }, () => {
      now += 30_000;
      return policy.onDeath();
    });
    expect(delays).not.toContain(null);
  });
});

describe('a process of the service', () => {
  it('is ready when it reports so, and ends on request', async () => {
    const child = start('fine', READY);
    expect(await child.ready).toMatchObject({ url: 'http://127.0.0.1:5', models: [], problems: [] });
    child.stop();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('fails with the code and message of its report', async () => {
    const child = start(
      'refusing',
      "process.send({type:'failed',code:'address_in_use',message:'taken'});process.exitCode=1;process.disconnect()",
    );
    await expect(child.ready).rejects.toMatchObject({ code: 'address_in_use', message: 'taken' });
  });

  it('fails with its last lines when it ends without a message', async () => {
    const lines: string[] = [];
    const child = start('broken', "console.error('cannot do it');process.exit(3)", (line) =>
      lines.push(line),
    );
    await expect(child.ready).rejects.toThrow(/The broken ended with exit code 3\.\n {2}cannot do it/);
    expect(lines).toEqual(['cannot do it']);
  });
});

describe('supervision', () => {
  it('restarts a dead process and passes the first ready message to its successor', async () => {
    const notes: string[] = [];
    const seen: (string | undefined)[] = [];
    let restarted: () => void;
    const again = new Promise<void>((resolve) => (restarted = resolve));
    const supervisor = supervise({
      name: 'worker',
      stopMs: 5000,
      policy: { onDeath: () => 0 },
      onNote: (line) => notes.push(line),
      start(first) {
        seen.push(first?.url);
        if (seen.length === 2) restarted();
        return start('supervised', READY);
      },
    });
    await supervisor.ready;
    process.kill(supervisor.pid()!, 'SIGKILL');
    await again;
    expect(notes).toEqual(['The worker was ended by SIGKILL. Restarting it.']);
    expect(seen).toEqual([undefined, 'http://127.0.0.1:5']);
    await supervisor.stop();
  });

  it('gives up when the policy does', async () => {
    const supervisor = supervise({
      name: 'worker',
      stopMs: 5000,
      policy: { onDeath: () => null },
      onNote: () => undefined,
      start: () => start('dying', READY),
    });
    await supervisor.ready;
    process.kill(supervisor.pid()!, 'SIGKILL');
    expect((await supervisor.gaveUp).message).toContain('It keeps dying');
  });

  it('kills a process that hangs at the start, and one that does not drain in time', async () => {
    const deaf = "process.on('SIGTERM',()=>{});setInterval(()=>{},1e3);console.log('deaf');";
    let heard: () => void;
    for (const program of [deaf, `${deaf}process.send({type:'ready'})`]) {
      const listening = new Promise<void>((resolve) => (heard = resolve));
      const supervisor = supervise({
        name: 'worker',
        stopMs: 100,
        onNote: () => undefined,
        start: () => start('deaf', program, () => heard()),
      });
      await listening;
      await supervisor.stop();
    }
  });

  it('does not restart a process that was never ready', async () => {
    let starts = 0;
    const supervisor = supervise({
      name: 'api',
      stopMs: 5000,
      onNote: () => undefined,
      start() {
        starts += 1;
        return start('stillborn', 'process.exit(1)');
      },
    });
    expect((await supervisor.gaveUp).message).toContain('The stillborn ended with exit code 1');
    expect(starts).toBe(1);
  });
});

describe('log lines of processes', () => {
  it('turn from records into text, with the stack of an error below', () => {
    const record = { level: 40, time: 0, pid: 1, hostname: 'h', name: 'worker', lane: 1, msg: 'lane ended' };
    expect(readableLine('worker', JSON.stringify(record))).toMatch(
      /^\d\d:\d\d:\d\d worker: warning: lane ended lane=1$/,
    );
    const failed = JSON.stringify({ ...record, level: 50, err: { stack: 'Error: x\n    at y' } });
    expect(readableLine('api', failed)).toContain('api: error: lane ended lane=1\n  Error: x\n      at y');
  });

  it('stay unchanged if they are not records', () => {
    expect(readableLine('worker 2', '{"half')).toBe('worker 2: {"half');
  });

  it('are held back until all processes have started', () => {
    const shown: string[] = [];
    const log = createStartupLog((_, line) => shown.push(line), { verbose: false });
    log.line('api', 'a');
    expect(shown).toEqual([]);
    log.started();
    log.line('api', 'b');
    expect(shown).toEqual(['a', 'b']);
  });
});

describe('log lines of a slow start', () => {
  it('are shown before the start is complete', async () => {
    const shown: string[] = [];
    const log = createStartupLog((_, line) => shown.push(line), { verbose: false, showAfterMs: 1 });
    log.line('api', 'Redis connection');
    await waitUntil('the line', () => shown.length > 0);
    expect(shown).toEqual(['Redis connection']);
  });
});

describe('log lines of a failed start', () => {
  const record = (event: string) => JSON.stringify({ level: 50, event, msg: 'a bad graph' });
  const lines = ['printed by the model', record('lane.load_failed'), record('model.failed')];

  it.each([
    ['quick', 60_000],
    ['slow', 1],
  ])('do not repeat the error, whether the start was %s or not', async (speed, showAfterMs) => {
    const shown: string[] = [];
    const log = createStartupLog((_, line) => shown.push(line), { verbose: false, showAfterMs });
    for (const line of lines) log.line('worker', line);
    if (speed === 'slow') await waitUntil('the timer', () => shown.length > 0);
    log.line('worker', record('worker.serves_nothing'));
    log.failed();
    log.line('worker', 'forebay worker: a bad graph');
    log.line('worker', 'the last print');
    expect(shown).toEqual(['printed by the model', 'the last print']);
  });

  it('are all shown later if the start succeeds in spite of them, or at once if the user asks for the log', () => {
    const shown: string[] = [];
    const log = createStartupLog((_, line) => shown.push(line), { verbose: false });
    for (const line of lines) log.line('worker', line);
    log.started();
    expect(shown.splice(0)).toEqual(lines);
    const verbose = createStartupLog((_, line) => shown.push(line), { verbose: true });
    for (const line of lines) verbose.line('worker', line);
    expect(shown).toEqual(lines);
  });
});

describe('the folder of a run', () => {
  it('is removed only when its process is gone', () => {
    const base = join(folder, 'tmp');
    mkdirSync(base);
    const mine = makeRunFolder(base);
    const gone = mine.replace(`-${process.pid}-`, '-4194304-');
    mkdirSync(gone);
    mkdirSync(join(base, 'something-else'));
    removeAbandonedRunFolders(base);
    expect([mine, gone, join(base, 'something-else')].map((path) => existsSync(path))).toEqual([
      true,
      false,
      true,
    ]);
    removeRunFolder(mine);
    expect(existsSync(mine)).toBe(false);
  });

  it('in memory has the id of the service, and there is none without room for it', ({ skip }) => {
    const disk = mountSmallDisk(join(folder, 'memory'));
    if (disk === null) skip('the test needs a full disk, and this user may not mount one');
    try {
      const base = join(folder, 'memory');
      const made = makeMemoryFolder(base)!;
      expect(readdirSync(made)).toEqual(['folder-id']);
      removeRunFolder(made);
      disk!.fill();
      expect([makeMemoryFolder(base), readdirSync(base)]).toEqual([null, ['filler']]);
    } finally {
      disk!.unmount();
    }
  });
});
