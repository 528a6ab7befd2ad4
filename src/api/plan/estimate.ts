/** Rows per second and ETA of the whole job, with error bars, from the workers' samples. Pure. */
import { sum } from '../../shared/math/sum.ts';
import type { PlanRange, PlanWire } from '../http/wire/plan.ts';
import { rounded } from '../http/wire/scalars.ts';
import { totalLanes } from './choices.ts';
import type { PlanFacts, PlanWorker } from './facts.ts';

export function planEstimate(facts: PlanFacts): PlanWire['estimate'] {
  const sampled = facts.workers.flatMap(({ served, answer }) =>
    answer.ok && answer.reply.rate ? [{ lanes: served.lanes, rate: answer.reply.rate }] : [],
  );
  if (sampled.length === 0) return { rows_per_s: null, eta_s: null, why: whyNone(facts) };
  const scale = totalLanes(facts) / sum(sampled.map(({ lanes }) => lanes));
  const value = scale * sum(sampled.map(({ rate }) => rate.rowsPerS));
  const errors = sampled.map(({ rate }) => rate.errorRowsPerS);
  // Samples of different workers are independent, so their errors add up as squares.
  const error = errors.every((e) => e !== null) ? scale * Math.sqrt(sum(errors.map((e) => e ** 2))) : null;
  const total = rowsToCompute(facts);
  return {
    rows_per_s: range(value, error),
    eta_s: total === null ? null : eta(total, value, error),
    why: basis(facts, sampled.length, error !== null),
  };
}

/** Rows that a delta job takes over cost next to nothing. Null: not known. */
function rowsToCompute({ delta, rows }: PlanFacts): number | null {
  if (delta === null) return rows.total;
  const { computed } = delta;
  return delta.whole ? computed.new + computed.changed + computed.failed_before : null;
}

/** Null if the worker has no sample. */
export function rateOf({ answer }: PlanWorker): PlanRange | null {
  const rate = answer.ok ? answer.reply.rate : null;
  return rate && range(rate.rowsPerS, rate.errorRowsPerS);
}

/** Why a worker has no sample. Null if it has one. */
export function whyNoSample({ answer }: PlanWorker): string | null {
  if (!answer.ok) return answer.why;
  return answer.reply.rate ? null : (answer.reply.problem ?? 'no row was finished');
}

function whyNone({ workers, modelProblem, rows, model }: PlanFacts): string {
  if (modelProblem !== null) return `no worker has loaded the model: ${modelProblem}`;
  if (workers.length === 0)
    return `no live worker serves ${model.name}: start one and plan again for a measured estimate`;
  if (rows.atLeast === 0) return 'the input holds no row';
  return `no sample: ${workers.map((worker) => whyNoSample(worker)).join('; ')}`;
}

function basis(facts: PlanFacts, sampled: number, withError: boolean): string {
  const { workers } = facts;
  const who =
    sampled === workers.length
      ? `a sample on ${sampled === 1 ? 'the worker' : `all ${sampled} workers at once`}`
      : `a sample on ${sampled} of ${workers.length} workers; the others are estimated by their lanes`;
  const bar = withError ? '95 % interval' : 'too few batches for an error bar';
  return `${who}, ${bar}; from reading to answers, without writing parts`;
}

function range(value: number, error: number | null): PlanRange {
  const digits = value >= 100 ? 0 : value >= 1 ? 1 : 3;
  const round = (n: number) => rounded(n, digits)!;
  return {
    value: round(value),
    low: error === null ? null : round(value - error),
    high: error === null ? null : round(value + error),
  };
}

function eta(rows: number, rate: number, error: number | null): PlanRange {
  const seconds = (perSecond: number) => rounded(rows / perSecond, 2)!;
  return {
    value: seconds(rate),
    low: error === null ? null : seconds(rate + error),
    high: error === null ? null : seconds(rate - error),
  };
}
