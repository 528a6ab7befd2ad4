/** Warnings of a plan, each with what to do about it. Pure. */
import { LANES_SHARE_TEXT, lanesMemory } from '../../shared/domain/memory-shares.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { rowLimitProblem } from '../jobs/create/row-limit.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import { openersOf } from './row-openers.ts';
import type { PlanFacts } from './facts.ts';
import { counted } from '../../shared/text/counted.ts';

export function planWarnings(
  facts: PlanFacts,
  { numbers, sample }: Pick<PlanWire, 'numbers' | 'sample'>,
): string[] {
  const found = [
    tooManyRows(facts),
    memory(facts),
    inflight(numbers),
    smallBlocks(facts, numbers),
    narrowWindow(facts, numbers),
    fewRows(facts, numbers),
    failures(sample),
    beside(facts),
    warmFiles(facts, sample),
    ...facts.leftOut.map(leftOut),
    facts.resumes ? 'The estimate counts all rows, including those that the output already holds.' : null,
  ];
  return found.filter((warning) => warning !== null);
}

/** The plan is made anyway, because its numbers also hold for parts of the input. */
function tooManyRows({ rows, maxRows }: PlanFacts): string | null {
  const problem = rowLimitProblem(rows.atLeast, maxRows, rows.total === null ? ' or more' : '');
  return problem && `A submit would be refused, or the job would fail. ${problem}`;
}

function memory({ workers }: PlanFacts): string | null {
  for (const { info, served } of workers) {
    if (!served.memory || !info.resources) continue;
    const need = served.lanes * (served.memory.modelBytes + served.memory.batchBytes);
    const room = lanesMemory(info.resources.memoryBytes);
    if (need > room) {
      return `${counted(served.lanes, 'lane')} with model and batch ${served.lanes === 1 ? 'needs' : 'need'} ${formatBytes(need)} as measured, more than ${LANES_SHARE_TEXT} of ${formatBytes(info.resources.memoryBytes)}. Use fewer lanes (FOREBAY_LANES) or a smaller batch.`;
    }
  }
  return null;
}

function inflight({ lanes, lanes_fed }: PlanWire['numbers']): string | null {
  if (!lanes || lanes_fed?.bound_by !== 'inflight_bytes') return null;
  return `The rows are so large that the bytes in flight keep only ${lanes_fed.value} of ${lanes.value} lanes busy. Raise FOREBAY_MAX_INFLIGHT_MB or lower options.batch_size.`;
}

function smallBlocks({ asked }: PlanFacts, { batch_size, block_rows }: PlanWire['numbers']): string | null {
  if (asked.block_rows === null || block_rows.value >= batch_size.value) return null;
  return `Blocks of ${counted(block_rows.value, 'row')} are smaller than a batch of ${batch_size.value}, so each batch needs rows of several blocks. About four batches per block are best.`;
}

function narrowWindow({ asked }: PlanFacts, numbers: PlanWire['numbers']): string | null {
  const { lanes, batch_size, batches_per_lane, block_rows } = numbers;
  if (asked.concurrency === null || !lanes || !batches_per_lane) return null;
  const rows = asked.concurrency * block_rows.value;
  const need = lanes.value * batch_size.value * batches_per_lane.value;
  if (rows >= need) return null;
  return `options.concurrency ${asked.concurrency} lets workers hold ${counted(rows, 'row')}, but the lanes could use ${need}. The job will be slower than the sample.`;
}

function fewRows({ rows }: PlanFacts, { lanes, batch_size }: PlanWire['numbers']): string | null {
  if (rows.total === null || rows.total === 0 || !lanes || lanes.value < 2) return null;
  const need = lanes.value * batch_size.value;
  if (rows.total >= need) return null;
  return `${counted(rows.total, 'row')} cannot fill one batch of ${batch_size.value} in each of ${lanes.value} lanes. A smaller options.batch_size spreads them better.`;
}

function failures(sample: PlanWire['sample']): string | null {
  if (!sample || sample.failed_rows === 0) return null;
  const [worst] = sample.errors.toSorted((a, b) => b.rows - a.rows);
  const first = worst ? `, mostly ${worst.code}: ${worst.message}` : '';
  return `${sample.failed_rows} of ${sample.rows_measured} measured rows failed${first}. A failed row takes less time than a good one.`;
}

function beside({ workers }: PlanFacts): string | null {
  const most = Math.max(0, ...workers.map(({ answer }) => (answer.ok ? answer.reply.blocksBeside : 0)));
  if (most === 0) return null;
  return `Other jobs were running. Up to ${most} of their blocks shared the lanes with the sample, so it shows only the speed that they left.`;
}

function leftOut({ column, why }: PlanFacts['leftOut'][number]): string {
  return `The output will not have the column "${column}" of the input, because ${why}. Name it in "join" to pass it on.`;
}

function warmFiles(facts: PlanFacts, sample: PlanWire['sample']): string | null {
  if (!sample || sample.passes < 2 || facts.rows.total === sample.rows || !openersOf(facts).opened)
    return null;
  return `The sample of ${counted(sample.rows, 'row')} was run ${Math.round(sample.passes)} times, so its files came from the page cache. A job that reads slow storage is slower.`;
}
