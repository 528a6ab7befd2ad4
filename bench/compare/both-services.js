/** Starts two services side by side, each with its own Redis, with the same model and files. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startService } from '../harness/service.js';
import { modelFolder } from '../harness/model-folder.js';

/**
 * @typedef {{ checkout: string, env?: Readonly<Record<string, string | undefined>> }} Side a built checkout, and what its
 *   environment has of its own
 *
 * @param {{ sides: readonly [Side, Side], subject: import('../harness/subjects.js').Subject,
 *   inputs: readonly string[], secondFirst: boolean }} options inputs: folders that jobs may read; secondFirst: the order
 *   in which they start
 * @returns `services` in the order of `sides`; `stop()`
 */
export async function startBoth({ sides, subject, inputs, secondFirst }) {
  const models = [modelFolder(subject.name)];
  const started = [];
  const stop = async () => {
    await Promise.all(started.map(async (service) => service.stop()));
  };
  try {
    for (const { checkout, env = {} } of secondFirst ? sides.toReversed() : sides)
      // With a REDIS_URL both services would share one Redis.
      started.push(await startService({ checkout, models, inputs, env: { ...env, REDIS_URL: undefined } }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { services: secondFirst ? started.toReversed() : started, stop };
}

/** Throws Error unless the path is a checkout that has been built. @param {string} checkout */
export function assertBuilt(checkout) {
  if (existsSync(join(checkout, 'dist', 'cli', 'main.js'))) return;
  throw new Error(`${checkout} is not a built checkout: run "npm install && npm run build" there`);
}
