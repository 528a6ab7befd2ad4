// The times that a lane reports add up. Its batches account for all elapsed time, and count each moment once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import type { BatchTimings } from '#forebay/workers/lane/messages.js';
import { loadedOwnLane, plain, testFolder } from '../../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { waitUntil } from '../../support/wait-until.ts';

const GAP_MS = 200;

function ownTime(t: BatchTimings): number {
  return t.idleMs + t.readMs + t.decodeMs + t.prepareMs + t.inferMs + t.postMs + t.restMs;
}

it('a lane accounts for all its time, including its wait for rows', async () => {
  const classes = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  const folder = testFolder();
  const config = { name: 'm', task: 'image-classification', preprocess: { crop: 8 } };
  const lane = await loadedOwnLane(
    writeModelFolder(folder, meanColourModel({ classes, side: 8 }), config, ['red', 'green']),
  );
  const path = join(folder, 'large.png');
  writeFileSync(path, await plain(255, 0, 0, 3000));
  const batch = async () =>
    lane.run({
      model: 'm',
      rows: Array.from({ length: 6 }, () => ({ path, tenant: 'default' })),
      options: { top_k: 1 },
    });

  const start = performance.now();
  const before = await Promise.all([batch(), batch(), batch()]);
  const pause = performance.now();
  await waitUntil('a pause', () => performance.now() - pause > GAP_MS);
  const after = [await batch(), await batch()];
  const wall = performance.now() - start;

  const timings = [...before, ...after].map((result) => result.timings);
  const sum = timings.reduce((ms, t) => ms + ownTime(t), 0) - timings[0]!.idleMs;
  // The rest is spent on messages, which do not count as lane time. A busy machine delays them.
  expect(sum / wall).toBeGreaterThan(0.5);
  expect(sum / wall).toBeLessThan(1.01);
  expect(timings[3]!.idleMs).toBeGreaterThan(GAP_MS / 2);
  // Batches that came together did not wait for rows.
  expect(timings[1]!.idleMs + timings[2]!.idleMs).toBe(0);
  expect(timings.every((t) => t.laneWaitMs >= 0 && t.laneWaitMs < wall)).toBe(true);
  // Decoding dominates here, whichever thread did it, and no wait counts twice.
  const decode = timings.reduce((ms, t) => ms + t.decodeMs + t.decodeAheadMs, 0);
  const busy = timings.reduce((ms, t) => ms + ownTime(t) - t.idleMs, 0);
  expect(decode / busy).toBeGreaterThan(0.5);
});
