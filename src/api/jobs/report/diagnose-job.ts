/**
 * Finds what limits a job, from its counters, its state and its workers. It checks in this order: why the job does not
 * run at all, memory, what idle lanes wait for, how full batches are, what busy lanes do.
 */
import { diagnoseBusyLanes } from './busy-lanes.ts';
import { diagnosis, percent, type Diagnosis } from './diagnosis.ts';
import { diagnoseBatchFill, diagnoseIdleLanes, starvedLanes } from './idle-lanes.ts';
import { laneWork, showSteadyState, type JobCosts } from './job-costs.ts';
import type { JobState } from './job-state-of.ts';
import { counted } from '../../../shared/text/counted.ts';

/** Below this utilisation, it is worth finding what the lanes wait for. */
const BUSY = 0.85;
/** Share of a worker's memory limit. The kernel kills processes at the limit, and caches and arenas need the rest. */
const MEMORY_FULL = 0.9;

/** `costs`: null before any block is done. Returns null if the job has ended and no row went through a lane. */
export function diagnoseJob(costs: JobCosts | null, state: JobState): Diagnosis | null {
  if (state.reason === 'no_worker' && !state.ended) return noWorker(state);
  if (state.reason === 'model_failed' && !state.ended) return modelFailed(state);
  const full = memoryFull(state);
  if (full) return full;
  if (!costs || costs.batches === 0) return state.ended ? null : tooEarly(0, state);
  if (!showSteadyState(costs)) return tooEarly(costs.batches, state);
  const busy = laneWork(costs);
  const utilisation = busy / (busy + costs.lane.idle);
  const isIdle = utilisation < BUSY;
  return (
    (isIdle ? diagnoseIdleLanes(costs, state, 1 - utilisation) : null) ??
    diagnoseBatchFill(costs, state) ??
    (isIdle ? starvedLanes(state, 1 - utilisation) : diagnoseBusyLanes(costs.lane, state, busy, utilisation))
  );
}

function noWorker({ model }: JobState): Diagnosis {
  const advice = `Start one: forebay worker --models <folder> --pool <the model's pool>, and check with \`forebay models\`.`;
  return diagnosis('no_worker', null, `no live worker serves model "${model}"`, advice);
}

function modelFailed({ model }: JobState): Diagnosis {
  const advice =
    "Fix the model's folder as reason_text says. Workers load it again when files change, and by themselves after 1 to 30 minutes. Other models are not affected.";
  return diagnosis('no_worker', null, `no live worker can load model "${model}"`, advice);
}

function memoryFull({ workers }: JobState): Diagnosis | null {
  const shares = workers.flatMap(({ rssBytes, memoryLimitBytes }) =>
    rssBytes === null ? [] : [rssBytes / memoryLimitBytes],
  );
  const most = Math.max(0, ...shares);
  if (most < MEMORY_FULL) return null;
  const advice =
    'Lower --lanes or --batch-size, or give the worker more memory, before the system ends its processes.';
  return diagnosis('memory', Math.min(1, most), `a worker uses ${percent(most)} of its memory limit`, advice);
}

function tooEarly(batches: number, { ended }: JobState): Diagnosis {
  const advice = ended ? 'Run it on more rows to see what limits it.' : 'Look again when more rows are done.';
  const done = counted(batches, 'batch', 'batches');
  return diagnosis('too_early', null, `${done}${ended ? '' : ' so far'}, too little to tell`, advice);
}
