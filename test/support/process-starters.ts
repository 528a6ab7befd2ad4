// Finds the test files that start processes, such as a service or commands. Each needs a test process of its own,
// because what it starts ends with that process at the latest.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STARTERS = new Set(
  ['service', 'own-process', 'forebay-command', 'redis-group'].map((name) =>
    join(ROOT, 'test', 'support', `${name}.ts`),
  ),
);

/** Returns paths from the root of the checkout. */
export function filesThatStartProcesses(): string[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('unit/'))
    .map((name) => join(ROOT, 'test', name))
    .filter((file) => readFileSync(file, 'utf8').includes("'node:child_process'") || leadsToStarter(file))
    .map((file) => relative(ROOT, file))
    .toSorted();
}

/** Whether a file imports a starter, also through other files. */
function leadsToStarter(file: string, seen = new Set<string>()): boolean {
  if (STARTERS.has(file)) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+\.ts)'/g);
  return [...imports].some(([, path]) => leadsToStarter(join(dirname(file), path!), seen));
}
