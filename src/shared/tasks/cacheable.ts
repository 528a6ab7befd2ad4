/** Whether the answer of a model depends on nothing but the row, the model's files and the options of its task. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { isPipeline } from './pipeline/pipeline-config.ts';

/** Why answers of the model cannot be kept for equal rows, as a clause. Null: they can, or the config is not known. */
export function whyNotCacheable(config: ModelConfig | null): string | null {
  if (config === null) return null;
  if (config.kind === 'predictor')
    return `${config.name} is a predictor, and its code may answer equal rows differently`;
  if (config.hooks !== undefined)
    return `${config.name} has code of its own (hooks), which may answer equal rows differently`;
  if (!isPipeline(config)) return null;
  for (const member of config.members) {
    const why = whyNotCacheable(member.config);
    if (why !== null) return why;
  }
  return null;
}
