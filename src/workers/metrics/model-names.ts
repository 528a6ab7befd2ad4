/** The names of models by queue, as labels of metrics. */
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { ServedModel } from '../../shared/queue/workers/worker-registry.ts';

export interface ModelLabels {
  readonly model: string;
  /** `none`: the model has no versions. */
  readonly version: string;
}

const UNKNOWN: ModelLabels = { model: 'unknown', version: 'none' };

export function labelsOf({ ref, version = null }: ServedModel): ModelLabels {
  return { model: ref.name, version: version ?? 'none' };
}

/** Remembers models that have left the worker, because their last batches and blocks may still end. */
export function createModelNames(models: () => readonly ServedModel[]): (queue: string) => ModelLabels {
  const known = new Map<string, ModelLabels>();
  return (queue) => {
    const found = known.get(queue);
    if (found) return found;
    for (const model of models()) known.set(blockQueueName(model.ref), labelsOf(model));
    return known.get(queue) ?? UNKNOWN;
  };
}
