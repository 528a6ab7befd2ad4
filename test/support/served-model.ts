import type { ModelService } from '#forebay/shared/queue/workers/worker-registry.js';

/** A model that two lanes serve. */
export const SERVED: ModelService = {
  lanes: 2,
  problem: null,
  poolWorkers: 1,
  otherHashes: [],
  isLoading: false,
  isUnloaded: false,
  waitsBecause: null,
  isReplaced: false,
  isDraining: false,
  memoryFull: false,
  slowCode: null,
  bodyFolder: null,
};
