// Code that does the work emits events. Only these files know the logger, the metrics and the traces.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../../../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** What a file imports: names of packages, and paths below src. Types do not count. */
function importsOf(name: string): string[] {
  const text = readFileSync(join(src, name), 'utf8');
  const found = text.matchAll(/^(?:import|export)(?! type)[^;]*?from '([^']+)'|import\('([^']+)'\)/gm);
  return [...found].map(([, named, dynamic]) => {
    const target = named ?? dynamic!;
    return target.startsWith('.') ? relative(src, resolve(src, dirname(name), target)) : target;
  });
}

const imports = files.map((name) => [name, importsOf(name)] as const);
const importers = (target: RegExp) =>
  imports.flatMap(([name, targets]) => (targets.some((one) => target.test(one)) ? [name] : [])).toSorted();

it('only the main files make a log', () => {
  expect(importers(/^pino$/)).toEqual(['shared/observe/logger.ts']);
  expect(importers(/observe\/(logger|log-events)\.ts$/)).toEqual(['api/main.ts', 'workers/main.ts']);
});

it('only files that measure or answer scrapes know the counters', () => {
  expect(importers(/^prom-client$/)).toEqual(['shared/observe/metrics/instruments.ts']);
  expect(importers(/^shared\/observe\/metrics\/instruments\.ts$/)).toEqual([
    'api/http/routes/overview.ts',
    'api/metrics/measure-api.ts',
    'workers/health/health.ts',
    'workers/metrics/measure-worker.ts',
  ]);
});
