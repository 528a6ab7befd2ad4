/** Starts the services of two checkouts side by side, each with its own Redis, with the same model and files. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/places.js';
import { startService } from '../harness/service.js';
import { modelFolder } from '../harness/model-folder.js';

/**
 * @param {{ other: string, subject: import('../harness/subjects.js').Subject, inputs: readonly string[],
 *   otherFirst: boolean }} options other: a built checkout; inputs: folders that jobs may read; otherFirst: the order in
 *   which they start
 * @returns `services`: of this checkout and of the other; `stop()`
 */
export async function startBoth({ other, subject, inputs, otherFirst }) {
  const checkouts = otherFirst ? [other, root] : [root, other];
  const models = [modelFolder(subject.name)];
  // With a REDIS_URL both services would share one Redis.
  const env = { REDIS_URL: undefined };
  const started = [];
  const stop = async () => {
    await Promise.all(started.map(async (service) => service.stop()));
  };
  try {
    for (const checkout of checkouts) started.push(await startService({ checkout, models, inputs, env }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { services: otherFirst ? started.toReversed() : started, stop };
}

/** Throws Error unless the path is a checkout that has been built. @param {string} checkout */
export function assertBuilt(checkout) {
  if (existsSync(join(checkout, 'dist', 'cli', 'main.js'))) return;
  throw new Error(`${checkout} is not a built checkout: run "npm install && npm run build" there`);
}
