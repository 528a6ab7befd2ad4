/** Adds pipelines that jobs gave in their requests to the models of the folders. */
import { inlineFolder } from '../../shared/models/inline-folder.ts';
import type { InlinePipeline } from '../../shared/queue/workers/inline-pipelines.ts';
import type { FoundModels } from './find-models.ts';
import { joinKeys } from './folder-look.ts';

/** Pipelines of other pools, or of models that this worker does not have, are left to other workers. */
export function withInline(
  found: FoundModels,
  pipelines: readonly InlinePipeline[],
  pool: string,
): FoundModels {
  const folders = found.models.map(({ folder }) => folder);
  const keys = new Map(found.models.map(({ folder, filesKey }) => [folder, filesKey]));
  const made = pipelines.flatMap((pipeline) => {
    const folder = pipeline.ref.pool === pool ? inlineFolder(pipeline, folders) : null;
    if (folder === null) return [];
    const filesKey = joinKeys(
      '',
      folder.members.map((member) => keys.get(member)!),
    );
    return [{ folder, look: { key: '', files: [] }, filesKey }];
  });
  return { ...found, models: [...found.models, ...made] };
}
