/** Reads what a worker must know before it starts a lane: its models, the machine, and the plan for both. */
import type { Config } from '../../shared/config/config.ts';
import type { ModelPlaces } from '../../shared/models/places/model-places.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { describeMachine } from '../../shared/profiles/machine-fingerprint.ts';
import { createProfileStore } from '../../shared/profiles/profile-store.ts';
import type { WorkerResources } from '../../shared/queue/workers/worker-registry.ts';
import { toMb } from '../../shared/text/bytes.ts';
import {
  findModels,
  foldersOf,
  requireNamed,
  type FoundModels,
  type ModelsWanted,
} from '../models/find-models.ts';
import { createKnownProfiles, NO_PROFILES, type KnownProfiles } from './known-profiles.ts';
import { readResources } from './resources.ts';
import { planWorker, type WorkerPlan } from './tuned-settings.ts';

export interface WorkerSetup extends WorkerPlan {
  readonly wanted: ModelsWanted;
  /** The models on disk at the start. */
  readonly found: FoundModels;
  readonly resources: WorkerResources;
  readonly profiles: KnownProfiles;
}

/** @throws ForebayError `model_not_found` if a model that was requested by name does not exist. */
export async function readSetup(config: Config, places: ModelPlaces, emit: Emit): Promise<WorkerSetup> {
  const wanted = { dirs: config.modelsDirs, only: config.models, pool: config.pool, places };
  const found = await findModels(wanted);
  requireNamed(wanted, found);
  const folders = foldersOf(found);

  const machine = readResources();
  const resources = {
    ...machine,
    memoryBytes: config.memoryLimitBytes ?? machine.memoryBytes,
    inflightBytes: config.maxInflightBytes,
    modelsBytes: config.modelsBytes,
  };
  const profiles = config.profiles
    ? createKnownProfiles({
        store: createProfileStore({ cacheDir: config.cacheDir }),
        fingerprint: describeMachine(machine).fingerprint,
      })
    : NO_PROFILES;
  await profiles.learn(folders);
  const { lanes, threadsPerLane: threads, decodeThreads, decodeIn } = config;
  const chosen = { lanes, threads, decodeThreads, decodeIn };
  const { plan, tunedOf } = planWorker(resources, folders, chosen, profiles.all);
  emit('worker.lanes_planned', {
    choices: plan.choices,
    cpus: resources.cpus,
    memory_mb: toMb(resources.memoryBytes),
    tuned: folders.filter((folder) => tunedOf(folder)?.shape).map(({ ref }) => ref.name),
  });
  return { wanted, found, resources, profiles, plan, tunedOf };
}
