/** Creates a plan from facts. Pure: it calls no one and measures nothing. */
import { MODEL_FACTOR } from '../../shared/domain/model/model-memory.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import { planNumbers } from './choices.ts';
import { planEstimate, rateOf, whyNoSample } from './estimate.ts';
import type { PlanFacts } from './facts.ts';
import { joinSamples } from './joined-sample.ts';
import { logicalPlan, physicalPlan } from './operators.ts';
import { planWarnings } from './warnings.ts';

export function makePlan(facts: PlanFacts): PlanWire {
  const { model, rows, workers } = facts;
  const sample = joinSamples(workers);
  const numbers = planNumbers(facts, sample?.mean_row_bytes ?? null);
  return {
    object: 'plan',
    model: model.name,
    model_hash: model.hash,
    pool: model.pool,
    logical: logicalPlan(facts),
    physical: physicalPlan(facts),
    numbers,
    memory: memoryOf(facts),
    workers: workers.map((worker) => ({
      id: worker.info.id,
      host: worker.info.host,
      cpus: worker.info.resources?.cpus ?? null,
      memory_bytes: worker.info.resources?.memoryBytes ?? null,
      lanes: worker.served.lanes,
      rows_per_s: rateOf(worker),
      no_sample: whyNoSample(worker),
    })),
    delta: facts.delta,
    rows: { total: rows.total, at_least: rows.atLeast, why: rows.why },
    sample,
    estimate: planEstimate(facts),
    warnings: planWarnings(facts, { numbers, sample }),
  };
}

function memoryOf({ workers }: PlanFacts): PlanWire['memory'] {
  const served = workers[0]?.served;
  if (served?.memory) {
    const { modelBytes, batchBytes } = served.memory;
    return { model_bytes: modelBytes, batch_bytes: batchBytes, measured: true };
  }
  if (!served?.sizing) return null;
  return { model_bytes: MODEL_FACTOR * served.sizing.fileBytes, batch_bytes: null, measured: false };
}
