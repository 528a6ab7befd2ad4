/** FOREBAY_PREDICTORS=off: this machine runs no code of users. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { codeIn, isPipeline } from '../tasks/pipeline/pipeline-config.ts';
import { ForebayError } from '../errors.ts';

/** The error of a model with such code. Null if it has none. */
export function whyForbidden(config: Pick<ModelConfig, 'kind' | 'name' | 'hooks'>): ForebayError | null {
  if (isPipeline(config)) {
    const errors = config.members.map((member) => whyForbidden(member.config));
    return errors.find((error) => error !== null) ?? null;
  }
  const code = codeIn(config);
  if (code === null) return null;
  return new ForebayError(
    'model_load_failed',
    `Model "${config.name}" ${code}, and FOREBAY_PREDICTORS=off forbids user code here`,
  );
}
