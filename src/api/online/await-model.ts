/** Waits until workers have loaded or unloaded a model, as an operator has asked them to. */
import { setTimeout as wait } from 'node:timers/promises';
import { ForebayError } from '../../shared/errors.ts';
import type { ModelService } from '../../shared/queue/workers/worker-registry.ts';
import type { ModelOrder } from '../../shared/queue/workers/model-orders.ts';
import type { OnlineModels } from './online-models.ts';

const LOOK_MS = 100;
/** Within this time, the report of a worker may be older than the order. */
const HEARD_MS = 2_000;
const MOST_MS = 60_000;

/**
 * Rejects with ForebayError `no_worker`, `model_load_failed`, `deadline_passed`, as OnlineModels.fresh does, and with
 * the signal's reason when it is aborted.
 */
export async function awaitModel(
  models: Pick<OnlineModels, 'fresh'>,
  name: string,
  order: ModelOrder,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    const { service } = await models.fresh(name);
    if (order === 'load' ? service.lanes > 0 : service.lanes === 0 && !service.isLoading) return;
    const ms = performance.now() - began;
    if (order === 'load' && ms > HEARD_MS) checkHope(name, service);
    if (ms > MOST_MS) throw tooLong(name, order, service);
    await wait(LOOK_MS, undefined, { signal });
  }
}

function checkHope(name: string, { problem, isLoading, isUnloaded }: ModelService): void {
  if (isLoading || isUnloaded) return;
  if (problem !== null)
    throw new ForebayError('model_load_failed', `"${name}" could not be loaded: ${problem}.`);
  throw new ForebayError('no_worker', `No live worker has the model "${name}". Start a worker of its pool.`);
}

function tooLong(name: string, order: ModelOrder, { waitsBecause }: ModelService): ForebayError {
  const why = waitsBecause ?? (order === 'load' ? 'it is still being loaded' : 'jobs still use it');
  return new ForebayError(
    'deadline_passed',
    `Workers were asked to ${order} "${name}", but have not done so after ${MOST_MS / 1000} s: ${why}.`,
  );
}
