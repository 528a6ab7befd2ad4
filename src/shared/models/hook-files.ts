/** Hooks: a module beside a graph, with code that runs before and after it. */
import { readdir } from 'node:fs/promises';
import { HOOK_FILES } from '../domain/model/hooks-config.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import type { ExternalFile } from './graph-files.ts';

/**
 * Returns the config, and notes in it whether the folder has hooks. Adds an issue if the config asks for hooks that are
 * missing.
 */
export async function withHooks(dir: string, config: ModelConfig, issues: Issue[]): Promise<ModelConfig> {
  const { kind, hooks } = config;
  if (kind !== undefined) return config;
  const names = await readdir(dir);
  const file = hooks?.file ?? HOOK_FILES.find((name) => names.includes(name));
  if (file !== undefined && names.includes(file)) return { ...config, hooks: { ...hooks, file } };
  if (hooks === undefined) return config;
  issues.push({
    path: '/hooks',
    message: `there is no ${file ?? HOOK_FILES.join(' or ')} beside model.json`,
  });
  return config;
}

/** All files that may decide about answers. Code may read any of the folder. */
export function withFilesOfHooks(
  external: readonly ExternalFile[],
  all: readonly ExternalFile[],
): ExternalFile[] {
  const known = new Set(external.map(({ path }) => path));
  const files = [...external, ...all.filter(({ path }) => !known.has(path))];
  return files.toSorted((a, b) => (a.location < b.location ? -1 : 1));
}
