/** Paths of the benchmarks: the checkout, the shared folder of real data, the cache and the results. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../../dist/shared/config/cache-dir.js';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const resultsDir = join(root, 'bench', 'results');

/** A folder of the cache for generated graphs and inputs. It may be deleted at any time. */
export function benchCache(...parts) {
  const folder = join(cacheDir(process.env), 'bench', ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Thrown if a benchmark needs something that is absent. The report lists the case as skipped, not as failed. */
export class Unavailable extends Error {}

/** A path in the shared folder of real models and photos beside the checkout. Throws Unavailable. */
export function sharedData(...parts) {
  const path = join(root, '..', 'shared', 'data', ...parts);
  if (!existsSync(path)) throw new Unavailable(`${path} is absent: this benchmark needs it`);
  return path;
}
