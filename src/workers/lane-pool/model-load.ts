/** What a lane needs to load a model that was found on disk. */
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import { autoBatchSize } from '../../shared/tasks/auto-batch.ts';
import type { ModelLoad } from '../lane/messages.ts';

export interface LoadSettings {
  readonly threads: number;
  /** The folder where results of loading are kept. Absent: none are. */
  readonly cacheDir?: string;
  /** Whether to probe the model. */
  readonly probe?: boolean;
  /** Whether the probe also times calls. See ProbeRequest. */
  readonly timing?: boolean;
}

export function toModelLoad(folder: ModelFolder, settings: LoadSettings): ModelLoad {
  const { dir, entryPath, config, configFile, named, external, defaults = [], members, ref } = folder;
  const { threads, cacheDir, probe = false, timing = false } = settings;
  return {
    dir,
    graph: entryPath,
    config,
    ...(configFile !== undefined && { configFile }),
    named: named.map(({ field, path, sha256 }) => ({ field, path, sha256 })),
    threads,
    ...(cacheDir !== undefined && { cache: { dir: cacheDir, hash: ref.hash } }),
    ...(probe && { probe: { batchSize: autoBatchSize(config), ...(timing && { timing: {} }) } }),
    mapped: external,
    ...(defaults.length > 0 && { defaults }),
    ...(members.length > 0 && { members: members.map((member) => toModelLoad(member, settings)) }),
  };
}
