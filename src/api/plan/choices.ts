/**
 * The numbers of a plan, each with the constraint that set it. They come from formulas, settings and options. Only
 * `lanes_fed` needs the sample, for the size of a row. Pure.
 */
import {
  autoBatchSize,
  BATCHES_PER_BLOCK,
  CACHED_WEIGHTS_BYTES,
  FALLBACK_BATCH,
  halvesIfCached,
  minBlockRows,
} from '../../shared/tasks/auto-batch.ts';
import { inflightShares } from '../../shared/domain/memory-shares.ts';
import { tightest, type BoundBy, type Choice } from '../../shared/domain/choice.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { formatBytes, toMb } from '../../shared/text/bytes.ts';
import { BLOCKS_PER_LANE, MIN_QUEUE_LIMIT, MIN_WINDOW, QUEUE_BLOCKS_PER_LANE } from '../feeder/policies.ts';
import type { PlanNumber, PlanWire } from '../http/wire/plan.ts';
import type { PlanFacts } from './facts.ts';
import { counted } from '../../shared/text/counted.ts';

export function planNumbers(facts: PlanFacts, meanRowBytes: number | null): PlanWire['numbers'] {
  const first = facts.workers[0];
  const { plan, resources } = first?.info ?? {};
  const sizing = first?.served.sizing;
  const lanes = totalLanes(facts);
  return {
    batch_size: toWire(batchSize(facts)),
    block_rows: toWire(blockRows(facts)),
    lanes: first && sizing ? toWire(allLanes(facts, sizing.lanes)) : null,
    threads_per_lane: orNull(sizing?.threads),
    decode_threads: orNull(plan?.decodeThreads),
    batches_per_lane: orNull(plan?.batchesPerLane),
    reads_at_once: orNull(plan?.readsAtOnce),
    inflight_bytes: resources
      ? toWire({
          value: resources.inflightBytes,
          boundBy: 'setting',
          why: 'FOREBAY_MAX_INFLIGHT_MB: half for fetched rows, half for opened files',
        })
      : null,
    lanes_fed:
      resources && plan
        ? orNull(lanesFed(facts, resources.inflightBytes, plan.batchesPerLane.value, meanRowBytes))
        : null,
    job_window: toWire(jobWindow(facts.asked.concurrency, lanes)),
    queue_limit: toWire(queueLimit(facts.configuredQueueLimit, lanes)),
  };
}

export function totalLanes({ workers }: Pick<PlanFacts, 'workers'>): number {
  return workers.reduce((sum, { served }) => sum + served.lanes, 0);
}

export function batchSize({ asked, workers, config }: PlanFacts): Choice {
  if (asked.batch_size !== null) return byOption(asked.batch_size, 'batch_size');
  const known = largestBatch(workers);
  if (known?.sizing) return known.sizing.batch;
  if (known)
    return { value: known.batchSize, boundBy: 'model_config', why: 'the batch size that the worker uses' };
  if (config === null) {
    const why = 'no model folder and no live worker describes the model';
    return { value: FALLBACK_BATCH, boundBy: 'floor', why };
  }
  const value = autoBatchSize(config);
  if (config.batching.batch_size !== 'auto') {
    return { value, boundBy: 'model_config', why: 'set in model.json' };
  }
  return { value, boundBy: 'sample_size', why: `from the size of the input tensor; ${lowered(config)}` };
}

/** No worker serves the model, so nobody knows the graph and the memory. */
function lowered(config: ModelConfig): string {
  if (!halvesIfCached(config)) return 'a worker may lower it';
  return `a worker halves it for a graph of up to ${toMb(CACHED_WEIGHTS_BYTES)} MB, and may lower it more`;
}

/** If workers differ, a submit cuts blocks for the largest batch. */
function largestBatch(workers: PlanFacts['workers']): PlanFacts['workers'][number]['served'] | undefined {
  return workers.map(({ served }) => served).toSorted((a, b) => b.batchSize - a.batchSize)[0];
}

function blockRows(facts: PlanFacts): Choice {
  const { asked, config, options, resumes } = facts;
  const value = options.block_rows;
  if (resumes) return { value, boundBy: 'option', why: 'as in the parts that the output holds' };
  if (asked.block_rows !== null) return byOption(value, 'block_rows');
  const batch = batchSize(facts).value;
  if (value === batch * BATCHES_PER_BLOCK) {
    return { value, boundBy: 'batch_size', why: `${BATCHES_PER_BLOCK} batches of ${batch}` };
  }
  if ([false, true].some((sharesBytes) => value === minBlockRows(config, sharesBytes))) {
    return {
      value,
      boundBy: 'floor',
      why: `at least ${counted(value, 'row')} of this size, because smaller blocks cost more queueing`,
    };
  }
  return { value, boundBy: 'batch_size', why: `${BATCHES_PER_BLOCK} batches as set in model.json` };
}

function allLanes(facts: PlanFacts, first: Choice): Choice {
  const { workers } = facts;
  const value = totalLanes(facts);
  if (workers.length === 1) return { ...first, value };
  return { value, boundBy: first.boundBy, why: `${workers.length} workers; ${first.why}` };
}

/**
 * Lanes that the bytes in flight can feed, over all workers. Rows are read and freed one by one, whatever their block.
 * So a lane needs the batches that it holds.
 */
function lanesFed(
  facts: PlanFacts,
  inflightBytes: number,
  batches: number,
  rowBytes: number | null,
): Choice | undefined {
  if (rowBytes === null || rowBytes <= 0) return undefined;
  const batch = batchSize(facts).value;
  const fetched = inflightShares(inflightBytes).fetched;
  return tightest(
    {
      value: totalLanes(facts),
      boundBy: 'lanes',
      why: 'all of them; the bytes in flight are enough for more',
    },
    {
      value: Math.max(1, Math.floor(fetched / (batches * batch * rowBytes))) * facts.workers.length,
      boundBy: 'inflight_bytes',
      why: `half of ${formatBytes(inflightBytes)} / (${batches} batches of ${counted(batch, 'row')} of ${formatBytes(rowBytes)})`,
    },
  );
}

function jobWindow(asked: number | null, lanes: number): Choice {
  if (asked !== null) return byOption(asked, 'concurrency');
  return largest(
    { value: MIN_WINDOW, boundBy: 'floor', why: `at least ${MIN_WINDOW} blocks` },
    {
      value: BLOCKS_PER_LANE * lanes,
      boundBy: 'lanes',
      why: `${BLOCKS_PER_LANE} blocks x ${counted(lanes, 'lane')}`,
    },
  );
}

function queueLimit(configured: number | undefined, lanes: number): Choice {
  if (configured !== undefined) {
    return { value: configured, boundBy: 'setting', why: 'FOREBAY_QUEUE_LIMIT; one job gets at most half' };
  }
  const half = 'one job gets at most half';
  const [floor, each] = [MIN_QUEUE_LIMIT, QUEUE_BLOCKS_PER_LANE];
  return largest(
    { value: floor, boundBy: 'floor', why: `at least ${floor} blocks; ${half}` },
    { value: each * lanes, boundBy: 'lanes', why: `${each} blocks x ${counted(lanes, 'lane')}; ${half}` },
  );
}

function largest(floor: Choice, wanted: Choice): Choice {
  return wanted.value > floor.value ? wanted : floor;
}

function byOption(value: number, option: string): Choice {
  return { value, boundBy: 'option', why: `set by options.${option}` };
}

function toWire({ value, boundBy, why }: Choice): PlanNumber {
  return { value, bound_by: boundBy satisfies BoundBy, why };
}

function orNull(choice: Choice | undefined): PlanNumber | null {
  return choice === undefined ? null : toWire(choice);
}
