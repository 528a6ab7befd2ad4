// Lanes that die, or whose parent dies, at the worst moment: inside a blocking native call.
import { fork } from 'node:child_process';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LaneDied } from '#forebay/workers/lane-pool/lane-handle.js';
import { cpuSeconds, readStat } from '../../support/child-pids.ts';
import { loadedOwnLane, plain, testFolder, testLane } from '../../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { slowModel } from '../../support/onnx/special-models.ts';
import { waitUntil } from '../../support/wait-until.ts';

const SIDE = 8;
const config = { name: 'm', task: 'image-classification', preprocess: { crop: SIDE } };
/** Every run of this model takes minutes, including the first one at load. So loading it blocks a lane. */
const endless = () => writeModelFolder(testFolder(), slowModel(SIDE, 400), config);
const quick = () =>
  writeModelFolder(testFolder(), meanColourModel({ side: SIDE, classes: [[1, 0, 0]] }), config);

it('a lane inside a native call dies with its parent', async () => {
  const { dir } = endless();
  const holder = fork(join(import.meta.dirname, '../../support/lane-holder.js'), [dir], { execArgv: [] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  const pid = await new Promise<number>((resolve) => holder.once('message', (m) => resolve(m as number)));
  onTestFinished(() => killQuietly(pid));
  await waitUntil('the lane to compute', () => cpuSeconds(pid) > 1.5);
  holder.kill('SIGKILL');
  await waitUntil('the lane to end', () => !isAlive(pid), 5_000);
});

it('a lane inside a native call can be killed, and its callers get an error', async () => {
  const lane = testLane();
  const loading = lane.load({
    model: 'm',
    ...endless(),
    threads: 1,
  });
  const outcome = expect(loading).rejects.toThrow(/^lane 0 was killed by SIGKILL$/);
  await waitUntil('the lane to compute', () => cpuSeconds(lane.pid!) > 1.5);
  lane.kill();
  await outcome;
  expect(await lane.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

it('batches that a dead lane was executing or decoding ahead are distinguished from those behind them', async () => {
  const lane = await loadedOwnLane(quick());
  const rows = [{ bytes: await plain(1, 2, 3) }];
  const runs = [1, 2, 3].map(async () => lane.run({ model: 'm', rows, options: { top_k: 1 } }));
  lane.kill();
  const ends = await Promise.allSettled(runs);
  const died = ends.map((end) => (end.status === 'rejected' && (end.reason as LaneDied).touched) || false);
  expect(died).toEqual([true, true, false]);
  expect(ends.every((end) => end.status === 'rejected' && end.reason instanceof LaneDied)).toBe(true);
});

it('a lane leaves Ctrl-C and SIGTERM to its parent, and runs at lower priority', async () => {
  const lane = await loadedOwnLane(quick());
  const rows = [{ bytes: await plain(1, 2, 3) }];
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(lane.pid!, signal);
  await expect(lane.run({ model: 'm', rows, options: { top_k: 1 } })).resolves.toHaveProperty(
    'outcomes.length',
    1,
  );
  expect(getPriority(lane.pid!)).toBeGreaterThan(getPriority());
});

it('a lane whose program cannot start makes loading fail with its exit code', async () => {
  const lane = testLane({ index: 3, entry: join(testFolder(), 'absent.js') });
  await expect(lane.load({ model: 'm', ...quick(), threads: 1 })).rejects.toThrow(
    'lane 3 ended with exit code 1',
  );
});

function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && stat[0] !== 'Z';
}

function killQuietly(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}
