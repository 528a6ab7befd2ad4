/** Runs a lane of the service alone, with as many batches in flight as a worker sends. */
import { performance } from 'node:perf_hooks';
import { unpackOutcomes } from '../../dist/shared/domain/outcomes.js';
import { loadModelFolder } from '../../dist/shared/models/model-folder.js';
import { effectiveOptions } from '../../dist/shared/tasks/option-values.js';
import { startChildLane } from '../../dist/workers/lane-pool/child-lane.js';
import { BATCHES_PER_LANE } from '../../dist/workers/lane-pool/lane-pool.js';

const LIMITS = {
  inputRoots: ['/'],
  maxFileBytes: 2 ** 26,
  maxHeldBytes: 2 ** 28,
  maxPixels: 64_000_000,
  maxImageRatio: 5000,
  maxDecodeBytes: 2 ** 30,
  decodeBudgetBytes: 2 ** 30,
};

/** @param {string} dir model folder @param {number} decodeThreads 0: the lane decodes by itself */
export async function openLane(dir, decodeThreads) {
  const folder = await loadModelFolder(dir);
  const { config, entryPath } = folder;
  const lane = startChildLane({
    index: 0,
    uvThreads: Math.max(2, decodeThreads),
    decodeThreads,
    limits: LIMITS,
    loadTimeoutMs: 180_000,
  });
  const info = await lane.load({ model: 'm', dir, graph: entryPath, config, named: [], threads: 1 });
  return { lane, info, options: effectiveOptions(config, {}) };
}

/** Returns the answers for these files, computed in one batch. @param {readonly string[]} files */
export async function answersOf({ lane, options }, files) {
  const { outcomes } = await lane.run({ model: 'm', rows: files.map(toRow), options });
  return unpackOutcomes(outcomes).map((outcome) =>
    outcome.ok ? JSON.parse(`{${outcome.result}}`).predictions : outcome.error,
  );
}

/**
 * @param {{ files: readonly string[], batch: number, seconds: number }} how
 * @returns {Promise<{ rate: number, shares: Record<string, number> }>} `shares`: of the time of the lane's own thread
 */
export async function laneRate({ lane, options }, { files, batch, seconds }) {
  let cursor = 0;
  const nextRows = () => Array.from({ length: batch }, () => toRow(files[cursor++ % files.length]));
  const runOne = async () => lane.run({ model: 'm', rows: nextRows(), options });
  await Promise.all([runOne(), runOne()]);
  const spent = { decode: 0, infer: 0, prepare: 0, idle: 0 };
  let rows = 0;
  const began = performance.now();
  async function keepRunning() {
    while (performance.now() - began < seconds * 1000) {
      const { outcomes, timings } = await runOne();
      const [failed] = outcomes.errors;
      if (failed) throw new Error(failed.error.message);
      rows += outcomes.ends.length;
      spent.decode += timings.decodeMs + timings.readMs;
      spent.infer += timings.inferMs;
      spent.prepare += timings.prepareMs;
      spent.idle += timings.idleMs;
    }
  }
  await Promise.all(Array.from({ length: BATCHES_PER_LANE }, keepRunning));
  const ms = performance.now() - began;
  const shares = Object.fromEntries(Object.entries(spent).map(([name, value]) => [name, value / ms]));
  return { rate: (rows / ms) * 1000, shares };
}

function toRow(path) {
  return { path, tenant: 'default' };
}
