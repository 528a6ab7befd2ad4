/**
 * The models that online requests name. Finding a model reads folders and heartbeats, which would take longer than many
 * answers, so what was found is used again for a moment.
 */
import type { ModelService, WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import type { Wake } from '../../shared/queue/wake.ts';
import type { FoundModel, ModelCatalog } from '../models/model-catalog.ts';

export interface OnlineModel extends FoundModel {
  readonly service: ModelService;
}

/**
 * After this time, the next request triggers a look-up in the background. A look-up costs milliseconds, and
 * heartbeats come every two seconds. Workers announce new models and versions at once.
 */
const FRESH_MS = 2_000;
/** Delays the look-up until the request that caused it has left for a worker, so that the request does not wait. */
const AFTER_REQUEST_MS = 2;
/** After this time a request waits for the look-up. */
const STALE_MS = 5_000;
/** Clients may name anything. */
const MAX_NAMES = 1_000;

interface Known {
  readonly model: OnlineModel;
  readonly at: number;
}

export type OnlineModels = ReturnType<typeof createOnlineModels>;

export function createOnlineModels(deps: {
  findModel: ModelCatalog['findModel'];
  workers: Pick<WorkerRegistry, 'serviceOf'>;
  wake: Pick<Wake, 'on'>;
  now?: () => number;
}) {
  const { findModel, workers, now = () => performance.now() } = deps;
  const known = new Map<string, Known>();
  const lookups = new Map<string, Promise<OnlineModel>>();
  /** Names whose look-up in the background is scheduled. */
  const due = new Set<string>();
  deps.wake.on('workers', () => known.clear());

  async function lookUp(name: string): Promise<OnlineModel> {
    const found = await findModel(name);
    const model = { ...found, service: await workers.serviceOf(found.ref) };
    if (known.size >= MAX_NAMES) known.clear();
    known.set(name, { model, at: now() });
    return model;
  }

  function refresh(name: string): void {
    if (due.has(name)) return;
    due.add(name);
    setTimeout(() => {
      due.delete(name);
      void fresh(name).catch(() => known.delete(name));
    }, AFTER_REQUEST_MS);
  }

  /** Requests that come together share one look-up. */
  async function fresh(name: string): Promise<OnlineModel> {
    let lookup = lookups.get(name);
    if (lookup === undefined) {
      lookup = lookUp(name).finally(() => lookups.delete(name));
      lookups.set(name, lookup);
    }
    return lookup;
  }

  return {
    /** Rejects as `findModel` does. */
    async find(name: string): Promise<OnlineModel> {
      const found = known.get(name);
      const age = found === undefined ? Infinity : now() - found.at;
      if (found === undefined || age > STALE_MS) return fresh(name);
      // A model that nobody serves may be served by now.
      if (!canServe(found.model)) return fresh(name);
      if (age > FRESH_MS) refresh(name);
      return found.model;
    },
    fresh,
  };
}

/** Whether a live worker is ready for the model, even if its lanes are being restarted, or is about to load it. */
export function canServe({ batchSize, service }: OnlineModel): boolean {
  return batchSize !== null || service.isLoading;
}
