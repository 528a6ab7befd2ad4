/** The report about a worker's models to its launcher, sent when the worker is ready. */
import { isLoaded, type ServedModel } from '../../shared/queue/workers/worker-registry.ts';
import type { FoundModels } from './find-models.ts';

export interface ModelReport {
  /** Names of the models that are served. */
  readonly models: readonly string[];
  readonly problems: readonly { readonly model: string; readonly message: string }[];
}

/** `problems`: of the folders found at the start. */
export function modelReport(
  models: readonly ServedModel[],
  { problems }: Pick<FoundModels, 'problems'>,
): ModelReport {
  return {
    models: models.filter(isLoaded).map(({ ref }) => ref.name),
    problems: [
      ...problems
        // A missing folder may still appear.
        .filter(({ error }) => error.code !== 'model_not_found')
        .map(({ path, error }) => ({ model: path, message: error.message })),
      ...models.flatMap(({ ref, problem }) =>
        problem === null ? [] : [{ model: ref.name, message: problem.message }],
      ),
    ],
  };
}
