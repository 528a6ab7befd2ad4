/** Joins the samples of several workers into one. Pure. */
import { sum } from '../../shared/math/sum.ts';
import type { SampleReply } from '../../shared/queue/workers/sample-requests.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import { rounded } from '../http/wire/scalars.ts';
import type { PlanWorker } from './facts.ts';

/** Null if no worker has measured a rate. */
export function joinSamples(workers: readonly PlanWorker[]): PlanWire['sample'] {
  const replies = workers.flatMap(({ answer }) => (answer.ok && answer.reply.rate ? [answer.reply] : []));
  if (replies.length === 0) return null;
  const measured = sum(replies.map((reply) => reply.rate!.rows));
  const sized = replies.filter(({ meanRowBytes }) => meanRowBytes !== null);
  const stages = [...new Set(replies.flatMap(({ stageMs }) => Object.keys(stageMs)))];
  return {
    rows: Math.max(...replies.map((reply) => reply.rows)),
    passes: rounded(sum(replies.map((reply) => reply.passes)), 2)!,
    rows_measured: measured,
    seconds: rounded(Math.max(...replies.map((reply) => reply.rate!.seconds)), 3)!,
    mean_row_bytes: sized.length === 0 ? null : Math.round(mean(sized, (reply) => reply.meanRowBytes!)),
    stage_ms: Object.fromEntries(
      stages.map((stage) => {
        const ms = mean(replies, ({ stageMs }) => stageMs[stage] ?? 0);
        return [stage, rounded(ms, 3)!];
      }),
    ),
    failed_rows: sum(replies.map((reply) => reply.failedRows)),
    errors: joinErrors(replies.flatMap((reply) => reply.errors)),
  };
}

/** The mean over replies, weighted by how many rows each has measured. */
function mean(replies: readonly SampleReply[], of: (reply: SampleReply) => number): number {
  const weights = replies.map((reply) => reply.rate!.rows);
  return sum(replies.map((reply, i) => of(reply) * weights[i]!)) / sum(weights);
}

/** One entry per code, with the first message and the summed rows. */
function joinErrors(errors: SampleReply['errors']): SampleReply['errors'] {
  const byCode = new Map<string, SampleReply['errors'][number]>();
  for (const error of errors) {
    const known = byCode.get(error.code);
    byCode.set(error.code, known ? { ...known, rows: known.rows + error.rows } : error);
  }
  return [...byCode.values()];
}
