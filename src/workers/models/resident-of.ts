/** Describes what the lanes should keep resident for a model of this worker. */
import { deviceOf } from '../../shared/domain/model/device.ts';
import type { ForebayError } from '../../shared/errors.ts';
import { hasModelChanged, loadModelFolder, type ModelFolder } from '../../shared/models/model-folder.ts';
import { toModelLoad } from '../lane-pool/model-load.ts';
import type { PooledModel } from '../lane-pool/pooled-model.ts';
import type { LanePlan } from '../settings/plan-lanes.ts';
import type { TunedOf } from '../settings/tuned-settings.ts';
import type { FoundModel } from './find-models.ts';
import { lookAt } from './folder-look.ts';

export type ResidentOf = ReturnType<typeof createResidentOf>;

/** Takes what all models of a worker have in common. The returned function takes one model. */
export function createResidentOf(worker: {
  plan: LanePlan;
  tunedOf: TunedOf;
  /** Timeout of models whose config names none. */
  batchTimeoutS: number;
  cacheDir: string;
}) {
  const { plan, tunedOf, batchTimeoutS, cacheDir } = worker;

  /** `onLost`: called when no lane holds the model and none will load it again. */
  return function residentOf(
    queue: string,
    { folder, look }: FoundModel,
    onLost: (why: ForebayError) => void,
  ): PooledModel {
    const { config } = folder;
    const tuned = tunedOf(folder)?.shape;
    const planned = deviceOf(config) === null || plan.deviceLanes === 0 ? plan.lanes : plan.deviceLanes;
    const wanted = config.lanes === 'auto' ? (tuned?.lanes ?? planned) : config.lanes;
    const threads = tuned?.threads ?? plan.threads;
    return {
      lanes: Math.min(plan.lanes, wanted),
      timeoutMs: (config.batching.timeout_s ?? batchTimeoutS) * 1000,
      unchanged: createUnchangedCheck(folder, look.key),
      onLost,
      load: {
        model: queue,
        ...toModelLoad(folder, {
          threads: config.threads_per_lane === 'auto' ? threads : config.threads_per_lane,
          cacheDir,
          probe: true,
        }),
      },
    };
  };
}

/** Takes a cheap look first. If the look has changed, the hash of all files decides. */
function createUnchangedCheck(folder: ModelFolder, lookKey: string): () => Promise<boolean> {
  let known = { key: lookKey, members: folder.members };
  return async () => {
    const key = folder.inline ? lookKey : (await lookAt(folder.dir)).key;
    const sameMembers = !(await hasModelChanged({ files: [], members: known.members }));
    if (key === known.key && sameMembers) return true;
    const members = await membersIfSame(folder);
    if (members !== null) known = { key, members };
    return members !== null;
  };
}

/** Reads the model again. Returns its members, or null if it has another hash now. */
async function membersIfSame(folder: ModelFolder): Promise<readonly ModelFolder[] | null> {
  if (!folder.inline) {
    const { ref, members } = await loadModelFolder(folder.dir);
    return ref.hash === folder.ref.hash ? members : null;
  }
  const members = await Promise.all(folder.members.map(async ({ dir }) => loadModelFolder(dir)));
  return members.every(({ ref }, i) => ref.hash === folder.members[i]!.ref.hash) ? members : null;
}
