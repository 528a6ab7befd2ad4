/**
 * A worker's life.
 *
 * - `booting`: it loads its models, and takes blocks of those that are loaded.
 * - `serving`: it has loaded its models or failed to. After PATIENCE_MS, one loaded model is enough.
 * - `draining`: it ends. It takes no more blocks, finishes its current ones within the grace time, and hands back the
 *   rest. A worker that an operator drains stays in state `serving` (intake/intake.ts).
 * - `stopped`: its lanes and connections are closed.
 */
import { InvariantError } from '../shared/errors.ts';
import type { Emit } from '../shared/observe/events.ts';
import type { Health } from './health/health.ts';
import type { Heartbeat } from './health/heartbeat.ts';
import type { WorkerView } from './health/worker-view.ts';
import type { BlockSource } from './intake/block-source.ts';
import type { Intake } from './intake/intake.ts';
import type { QueueTakers } from './intake/queue-takers.ts';
import type { LanePool } from './lane-pool/lane-pool.ts';
import type { MemoryGuard } from './memory/memory-guard.ts';
import type { ModelReport } from './models/model-report.ts';
import type { ServedModels } from './models/served-models.ts';
import type { RunsInHand } from './run/runs-in-hand.ts';
import type { Sampler } from './samples/sampler.ts';

export type WorkerState = 'booting' | 'serving' | 'draining' | 'stopped';

export interface Worker {
  readonly state: WorkerState;
  /** Settles when the worker is in state `serving`. */
  readonly booted: Promise<void>;
  /** Null while the worker boots. */
  health(): Health | null;
  /** What it is doing now. */
  view(): WorkerView;
  /** For the launcher. */
  modelReport(): ModelReport;
  /** Finishes the current blocks within the grace time, hands back the rest, and closes everything. */
  drain(): Promise<void>;
  /** Ends the lanes' processes now, because none may outlive the worker's process. */
  killLanes(): void;
}

/** After this time, one served model is enough for `serving`. Others that are still being loaded no longer delay it. */
const PATIENCE_MS = 10_000;

export interface WorkerParts {
  heartbeat: Heartbeat;
  models: ServedModels;
  takers: QueueTakers;
  intake: Pick<Intake, 'end'>;
  source: BlockSource;
  sampler: Sampler;
  runs: RunsInHand;
  lanes: LanePool;
  guard: MemoryGuard;
  health: () => Health;
  view: () => WorkerView;
  modelReport: () => ModelReport;
  /** Stops watching model files, queues and orders, and stops residency, which loads and unloads models. */
  stopWatching: () => void;
  /** Closes the connections. Called after the lanes are closed. */
  closeConnections: () => Promise<unknown>;
  shutdownGraceMs: number;
  emit: Emit;
}

/** Call it when the models are already being loaded. */
export function startWorker(parts: WorkerParts): Worker {
  const { heartbeat, models, intake, source, sampler, runs, lanes } = parts;
  let state: WorkerState = 'booting';
  heartbeat.start();

  async function boot(): Promise<void> {
    await models.ready(PATIENCE_MS);
    // A process that learns that the worker is ready must find its models announced.
    await heartbeat.announce();
    if (state === 'booting') state = 'serving';
  }

  /** Allowed in states `booting` and `serving`. */
  async function drain(): Promise<void> {
    if (state !== 'booting' && state !== 'serving')
      throw new InvariantError(`a worker was drained while ${state}`);
    state = 'draining';
    const grace = AbortSignal.timeout(parts.shutdownGraceMs);
    parts.stopWatching();
    models.stop();
    heartbeat.stop();
    if ((await Promise.race([finished(), overtime(grace)])) === 'overtime') await handBack();
    parts.guard.stop();
    await parts.takers.closeAll();
    await lanes.close();
    await parts.closeConnections();
    state = 'stopped';
  }

  async function finished(): Promise<'finished'> {
    await Promise.all([intake.end(), sampler.stop()]);
    return 'finished';
  }

  async function handBack(): Promise<void> {
    parts.emit('worker.grace_over', { blocks: runs.count });
    await runs.handBackAll();
    lanes.killAll();
    // A take in progress may have brought another block.
    await source.stop();
    await runs.handBackAll();
  }

  return {
    get state() {
      return state;
    },
    booted: boot(),
    health: () => (state === 'booting' ? null : parts.health()),
    view: parts.view,
    modelReport: parts.modelReport,
    drain,
    killLanes: () => lanes.killAll(),
  };
}

async function overtime(grace: AbortSignal): Promise<'overtime'> {
  return new Promise((resolve) => grace.addEventListener('abort', () => resolve('overtime')));
}
