/**
 * Model folders that a worker has found but cannot read. The API may read its own copy of such a folder without any
 * trouble, so only the worker knows why it does not serve the model.
 */
import { isDraining } from '../../domain/intake-state.ts';
import type { WorkerInfo } from './worker-registry.ts';

export interface RefusedModel {
  /** Name and version by its folders, such as `tiny` or `tiny@2`. Null: a whole folder of models cannot be read. */
  readonly title: string | null;
  readonly code: string;
  readonly message: string;
}

/** More of them would make heartbeats too large. */
export const MOST_REFUSED = 100;

export interface Refusal {
  readonly code: string;
  /** Names the worker's host. */
  readonly message: string;
}

/** Why no worker of the pool serves a model. Null if none has refused it. `isOf`: whether a title stands for the model. */
export function refusalOf(
  workers: readonly WorkerInfo[],
  pool: string,
  isOf: (title: string) => boolean,
): Refusal | null {
  const refused = workers.flatMap((worker) =>
    worker.pool === pool ? refusedBy(worker).map((model) => ({ ...model, host: worker.host })) : [],
  );
  const one =
    refused.find(({ title }) => title !== null && isOf(title)) ?? refused.find(({ title }) => title === null);
  if (one === undefined) return null;
  const what = one.title === null ? 'cannot read its models' : 'cannot read it';
  return { code: one.code, message: `the worker on ${one.host} ${what}: ${one.message}` };
}

/** Draining workers would not serve the models anyway. Workers of older versions do not report them. */
export function refusedBy({ intake, refused = [] }: WorkerInfo): readonly RefusedModel[] {
  return isDraining(intake) ? [] : refused;
}
