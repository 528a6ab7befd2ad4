// Models of a worker in any state, and the few functions of a worker that residency calls.
import { ForebayError } from '#forebay/shared/errors.js';
import type { FoundModel } from '#forebay/workers/models/find-models.js';
import {
  newModel,
  toFailed,
  toLoaded,
  toLoading,
  toReplaced,
  toUnloaded,
  toWaiting,
  type LoadedModel,
  type ServedModel,
} from '#forebay/workers/models/served-model.js';

export interface Facts {
  readonly megabytes: number;
  readonly keepAliveS?: number;
  readonly lastUsed?: number;
}

const MB = 1024 * 1024;

function unloaded(name: string, { megabytes, keepAliveS }: Facts): ServedModel {
  const config = {
    task: 'image-classification',
    ...(keepAliveS !== undefined && { keep_alive_s: keepAliveS }),
  };
  const folder = {
    ref: { name, hash: 'ab'.repeat(32), pool: 'default' },
    config,
    bytes: (megabytes * MB) / 3,
  };
  const found = { folder } as unknown as FoundModel;
  return newModel(name, found, { lanes: 1 } as ServedModel['resident']);
}

/** All models are loaded at first. */
export function knownModels(facts: Readonly<Record<string, Facts>>) {
  const models = new Map<string, ServedModel>();
  const log: string[] = [];
  const put = (model: ServedModel) => void models.set(model.queue, model);
  for (const [name, one] of Object.entries(facts)) {
    const info = { memory: { weightsBytes: one.megabytes * MB } };
    const loaded = toLoaded(toLoading(unloaded(name, one)), { info, sizing: {} } as LoadedModel, true);
    put({ ...loaded, lastUsed: one.lastUsed ?? 0 });
  }
  return {
    log,
    models: {
      all: () => [...models.values()],
      of: (queue: string) => models.get(queue),
      retire(queue: string) {
        models.delete(queue);
        log.push(`${queue}: retired`);
      },
      unload(queue: string, why: string) {
        put(toUnloaded(models.get(queue)!));
        log.push(`${queue}: ${why}`);
      },
      wake(queue: string) {
        put(toLoading(models.get(queue)!));
        log.push(`${queue}: wakes`);
      },
      fail(queue: string) {
        put(toFailed(toLoading(models.get(queue)!), new ForebayError('model_load_failed', 'broken')));
      },
      /** A load that has begun fails. */
      fails(queue: string) {
        put(toFailed(models.get(queue)!, new ForebayError('model_load_failed', 'broken')));
      },
      wait(queue: string, why: string | null) {
        put(toWaiting(models.get(queue)!, why));
      },
    },
    add: (name: string, one: Facts) => put(unloaded(name, one)),
    /** Marks a model as replaced, because its folder was deleted. */
    remove: (name: string) => put(toReplaced(models.get(name)!)),
    /** Marks a model as replaced, and adds its successor of the same name, which is not loaded. */
    replace: (name: string, successor: string, one: Facts) => {
      put(toReplaced(models.get(name)!));
      put({ ...unloaded(name, one), queue: successor });
    },
  };
}
