/** How many models a pipeline may lead to. */
import { isPipeline, type PipelineConfig } from '../tasks/pipeline/pipeline-config.ts';

/** Levels of pipelines, this one included. */
export const MAX_DEPTH = 4;
/** Models of a pipeline, with those of the pipelines that it names. A model counts each time that it is named. */
export const MAX_MODELS = 64;

export const TOO_DEEP = `leads to more than ${MAX_DEPTH} levels of pipelines; name their models directly`;
export const TOO_MANY = `leads to more than ${MAX_MODELS} models, counting those of its pipelines; use fewer`;

/** The problem with a pipeline whose models are known. */
export function whyTooLarge(config: PipelineConfig): string | null {
  if (depthOf(config) > MAX_DEPTH) return TOO_DEEP;
  return modelsOf(config) > MAX_MODELS ? TOO_MANY : null;
}

function depthOf({ members }: PipelineConfig): number {
  return 1 + Math.max(...members.map(({ config }) => (isPipeline(config) ? depthOf(config) : 0)));
}

function modelsOf({ members }: PipelineConfig): number {
  return members.reduce((sum, { config }) => sum + 1 + (isPipeline(config) ? modelsOf(config) : 0), 0);
}
