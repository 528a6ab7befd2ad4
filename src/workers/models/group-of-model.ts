/** The group in which rows of a model are batched. */
import { DEFAULT_PRIORITY } from '../../shared/domain/online-priority.ts';
import { effectiveOptions } from '../../shared/tasks/option-values.ts';
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import { rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import { batchGroup, type BatchGroup } from '../intake/batch-group.ts';
import type { LoadedModel, ServedModel } from './served-model.ts';

/** The options of a job, a sample or an online request. Only a job has a priority. */
export type GroupOptions = {
  readonly batch_size: number | null;
  readonly priority?: number | undefined;
} & OptionValues;

export function groupOfModel(
  { queue, found }: ServedModel,
  { sizing }: LoadedModel,
  options: GroupOptions,
  tenant: string,
): BatchGroup {
  const { config } = found.folder;
  const { online } = config.batching;
  const batchSize = options.batch_size ?? sizing.batch.value;
  return batchGroup({
    model: queue,
    // Resolved here, so that a job that repeats the config's value shares batches with jobs that name no value.
    options: effectiveOptions(config, options),
    batchSize,
    mostRows: Math.max(batchSize, sizing.mostRows ?? 0),
    maxWaitMs: config.batching.max_wait_ms,
    priority: options.priority ?? DEFAULT_PRIORITY,
    tenant,
    input: rowKindOf(config),
    ...(online && {
      online: {
        maxWaitMs: online.max_wait_ms,
        preferredSizes: (online.preferred_sizes ?? []).toSorted((a, b) => b - a),
      },
    }),
  });
}
