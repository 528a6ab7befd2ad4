/** Pipelines without a folder: made by a worker of the models that it has. */
import type { ModelRef } from '../domain/model/model-config.ts';
import type { PipelineConfig } from '../tasks/pipeline/pipeline-config.ts';
import type { ModelFolder } from './model-folder.ts';

/** The name that every such pipeline has. No lookup by name finds it. */
export const INLINE_NAME = 'inline';

/** Null if one of the models is not there with the same content. */
export function inlineFolder(
  { ref, config }: { readonly ref: ModelRef; readonly config: PipelineConfig },
  folders: readonly ModelFolder[],
): ModelFolder | null {
  const byHash = new Map(folders.map((folder) => [folder.ref.hash, folder]));
  const members = config.members.flatMap(({ hash }) => byHash.get(hash) ?? []);
  if (members.length < config.members.length) return null;
  return {
    dir: '',
    inline: true,
    config,
    named: [],
    ref,
    version: null,
    entryPath: '',
    external: [],
    members,
    notes: [],
    bytes: members.reduce((sum, { bytes }) => sum + bytes, 0),
    files: [],
  };
}
