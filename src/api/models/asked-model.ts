/** Finds the model of a job: one that has a name, or a pipeline that its request gives. */
import type { InlinePipeline, InlinePipelines } from '../../shared/queue/workers/inline-pipelines.ts';
import type { JobSpec } from '../../shared/domain/job/job.ts';
import type { FoundModel, ModelCatalog } from './model-catalog.ts';

export interface AskedModel extends FoundModel {
  /** Absent: it has a name, and workers find it in their models folders. */
  readonly inline?: InlinePipeline;
}

type Given = Pick<JobSpec, 'pipeline'>;

export interface AskedModels {
  /** Throws as ModelCatalog.findModel and findInline do. */
  of(asked: Given & { readonly model: string }): Promise<AskedModel>;
  /** The model of an earlier job, with the same content if that exists. */
  again(earlier: Given & Pick<JobSpec, 'model'>): Promise<AskedModel>;
  /** Makes a pipeline that has no name known to workers. Call it after all checks, before the job is created. */
  offer(model: AskedModel): Promise<void>;
}

export function createAskedModels(
  { findModel, findAgain, findInline }: Pick<ModelCatalog, 'findModel' | 'findAgain' | 'findInline'>,
  pipelines: Pick<InlinePipelines, 'put'>,
): AskedModels {
  return {
    of: async ({ model, pipeline }) => (pipeline === undefined ? findModel(model) : findInline(pipeline)),
    again: async ({ model, pipeline }) => (pipeline === undefined ? findAgain(model) : findInline(pipeline)),
    async offer({ inline }) {
      if (inline !== undefined) await pipelines.put(inline);
    },
  };
}
