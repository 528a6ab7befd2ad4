/** Loads a model into one lane repeatedly, and reads the lane's memory after each load. */
import { readFileSync } from 'node:fs';
import { startChildLane } from '../../dist/workers/lane-pool/child-lane.js';
import { rssBytes } from '../harness/processes.js';
import { configOf, modelFolder } from '../harness/model-folder.js';
import { digits } from '../harness/workloads.js';
import { MODEL } from './watch-job.js';

/**
 * @param {number} loads
 * @returns {Promise<number[]>} MB of the lane after each load
 */
export async function loadRepeatedly(loads) {
  const dir = modelFolder(MODEL);
  const image = readFileSync(digits(1)[0]);
  const limits = {
    inputRoots: [],
    maxFileBytes: image.length,
    maxHeldBytes: image.length,
    maxPixels: 1_000_000,
    maxImageRatio: 5000,
    maxDecodeBytes: 2 ** 30,
    decodeBudgetBytes: 2 ** 30,
  };
  const lane = startChildLane({ index: 0, uvThreads: 2, limits });
  const sizesMb = [];
  try {
    for (let i = 0; i < loads; i++) {
      await lane.load({ model: 'm', dir, config: configOf(dir), named: [], threads: 1 });
      const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes: image }], options: { top_k: 1 } });
      const [failed] = outcomes.errors;
      if (failed !== undefined) throw new Error(`load ${i}: ${JSON.stringify(failed.error)}`);
      sizesMb.push(rssBytes([lane.pid]) / 1e6);
    }
  } finally {
    await lane.close();
  }
  return sizesMb;
}
