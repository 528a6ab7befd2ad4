/** The graph of a model, as reported by a lane that has loaded it. */
import type { GraphTensor } from '../../shared/models/graph-tensor.ts';
import type { ServedModel } from '../../shared/queue/workers/worker-registry.ts';

export interface LoadedGraph {
  readonly inputs?: readonly GraphTensor[];
  readonly outputs?: readonly GraphTensor[];
}

/** Undefined if no worker has loaded it. */
export function loadedGraph(served: readonly ServedModel[]): LoadedGraph | undefined {
  return served.find(({ graph }) => graph !== null)?.graph as LoadedGraph | undefined;
}
