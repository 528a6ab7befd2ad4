/** The report about a worker's models to its launcher, sent when the worker is ready. */
import { isReady, type ServedModel } from '../../shared/queue/workers/worker-registry.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import type { FoundModels } from './find-models.ts';

export interface ModelReport {
  /** Names of the models that are served, or loaded when a job needs them. */
  readonly models: readonly string[];
  readonly problems: readonly { readonly model: string; readonly message: string }[];
}

/** `problems`: of the folders found at the start. */
export function modelReport(
  models: readonly ServedModel[],
  { problems }: Pick<FoundModels, 'problems'>,
): ModelReport {
  return {
    models: models.filter(isReady).map(titleOf),
    problems: [
      ...problems
        // A missing folder may still appear.
        .filter(({ error }) => error.code !== 'model_not_found')
        .map(({ path, error }) => ({ model: path, message: error.message })),
      ...models.flatMap((model) =>
        model.problem === null ? [] : [{ model: titleOf(model), message: model.problem.message }],
      ),
    ],
  };
}

function titleOf({ ref, version = null }: ServedModel): string {
  return modelTitle({ name: ref.name, version });
}
