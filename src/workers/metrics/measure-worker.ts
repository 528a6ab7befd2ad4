/** Measures a worker: counts its events, and looks at its lanes, memory and models at each scrape. */
import { INTAKE_STATES } from '../../shared/domain/intake-state.ts';
import { MEMORY_LEVELS } from '../../shared/domain/memory-level.ts';
import type { Events } from '../../shared/observe/events.ts';
import { createMetrics, type Instruments, type Metrics } from '../../shared/observe/metrics/instruments.ts';
import { WORKER_METRICS } from '../../shared/observe/metrics/worker-metrics.ts';
import { isLoaded, type ServedModel } from '../../shared/queue/workers/worker-registry.ts';
import type { WorkerView } from '../health/worker-view.ts';
import { measureBatches } from './measure-batches.ts';
import { createModelNames, labelsOf } from './model-names.ts';

type Worker = Instruments<typeof WORKER_METRICS>;

/** `view`: null while the worker boots. */
export function measureWorker(events: Pick<Events, 'on'>, view: () => WorkerView | null): Metrics {
  const metrics = createMetrics();
  const worker = metrics.make(WORKER_METRICS);
  measureBatches(
    metrics,
    events,
    worker,
    createModelNames(() => view()?.models ?? []),
  );
  countEvents(events, worker);
  metrics.onScrape(() => {
    const now = view();
    if (now) look(worker, now);
  });
  return metrics;
}

function countEvents(events: Pick<Events, 'on'>, worker: Worker): void {
  const runEnded = (outcome: string) => () => worker.forebay_block_runs_ended_total.inc({ outcome });
  events.on('block.superseded', runEnded('superseded'));
  events.on('block.not_published', runEnded('not_published'));
  events.on('block.run_failed', runEnded('failed'));
  events.on('block.left_to_lock', runEnded('left_to_lock'));

  events.on('lane.died', () => worker.forebay_lane_restarts_total.inc({ why: 'died' }));
  events.on('lane.recycled', () => worker.forebay_lane_restarts_total.inc({ why: 'recycled' }));
  events.on('lane.stuck', () => worker.forebay_lane_kills_total.inc({ why: 'timed_out' }));
  events.on('memory.lane_killed', () => worker.forebay_lane_kills_total.inc({ why: 'out_of_memory' }));

  events.on('cache.failed', ({ what }) => worker.forebay_cache_failures_total.inc({ what }));
  events.on('cache.swept', ({ bytes }) => worker.forebay_cache_bytes.set(bytes));

  events.on('model.loaded', ({ model, load_ms }) => {
    worker.forebay_model_loads_total.inc({ model, outcome: 'loaded' });
    worker.forebay_model_load_seconds_total.inc({ model }, load_ms / 1000);
  });
  events.on('model.failed', ({ model }) =>
    worker.forebay_model_loads_total.inc({ model, outcome: 'failed' }),
  );
  events.on('model.unloaded', ({ model, why }) => worker.forebay_model_unloads_total.inc({ model, why }));
}

function look(worker: Worker, { lanes, memory, inflight, models, intake }: WorkerView): void {
  for (const state of INTAKE_STATES) worker.forebay_worker_state.set({ state }, intake === state ? 1 : 0);
  const states = { busy: 0, idle: 0, loading: 0, draining: 0, down: lanes.size - lanes.running.length };
  for (const { state, batches } of lanes.running) {
    if (state === 'loading' || state === 'draining') states[state] += 1;
    else states[batches > 0 ? 'busy' : 'idle'] += 1;
  }
  for (const [state, count] of Object.entries(states)) worker.forebay_lanes.set({ state }, count);

  if (memory.usedBytes !== null) worker.forebay_memory_used_bytes.set(memory.usedBytes);
  worker.forebay_memory_limit_bytes.set(memory.limitBytes);
  for (const level of MEMORY_LEVELS)
    worker.forebay_memory_level.set({ level }, memory.level === level ? 1 : 0);
  worker.forebay_inflight_bytes.set(inflight.used);
  worker.forebay_inflight_limit_bytes.set(inflight.limit);
  const blocked = worker.forebay_reading_blocked_seconds_total;
  blocked.reset();
  blocked.inc(inflight.blockedMs / 1000);

  worker.forebay_model_state.reset();
  worker.forebay_model_lanes.reset();
  for (const model of models) {
    const labels = labelsOf(model);
    worker.forebay_model_state.set({ ...labels, state: stateOf(model) }, 1);
    worker.forebay_model_lanes.inc(labels, isLoaded(model) ? model.lanes : 0);
  }
}

function stateOf(model: ServedModel): 'serving' | 'loading' | 'unloaded' | 'failed' {
  if (model.problem !== null) return 'failed';
  if (model.isLoading === true) return 'loading';
  return model.isUnloaded === true ? 'unloaded' : 'serving';
}
