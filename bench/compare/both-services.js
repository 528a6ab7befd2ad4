/** Starts the services of two checkouts side by side, each with its own Redis, with the same model and files. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { revisionOf } from '../harness/machine.js';
import { root } from '../harness/places.js';
import { startService } from '../harness/service.js';
import { modelFolder } from '../harness/workloads.js';

/**
 * @param {{ other: string, subject: import('../harness/subjects.js').Subject, inputs: readonly string[] }} options
 *   other: a checkout; inputs: folders that jobs may read
 * @returns `services` and `revisions`: of this checkout and of the other; `stop()`
 */
export async function startBoth({ other, subject, inputs }) {
  const checkouts = [root, other];
  for (const checkout of checkouts) assertBuilt(checkout);
  const models = [modelFolder(subject.name)];
  // With a REDIS_URL both services would share one Redis.
  const env = { REDIS_URL: undefined };
  const services = [];
  const stop = async () => {
    await Promise.all(services.map(async (service) => service.stop()));
  };
  try {
    for (const checkout of checkouts) services.push(await startService({ checkout, models, inputs, env }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { services, revisions: checkouts.map(revisionOf), stop };
}

function assertBuilt(checkout) {
  if (existsSync(join(checkout, 'dist', 'cli', 'main.js'))) return;
  throw new Error(`${checkout} is not a built checkout: run "npm install && npm run build" there`);
}
