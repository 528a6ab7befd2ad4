/** Records the events of a sample, and creates its reply. */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { RowError } from '../../shared/domain/row.ts';
import type { SampleReply } from '../../shared/queue/workers/sample-requests.ts';
import type { BatchSeen } from '../intake/row-answer.ts';
import { createJobFlows } from '../run/job-flow.ts';
import { createRunStats } from '../run/run-stats.ts';
import { sampleRate, type Completion } from './sample-rate.ts';

const MAX_ERROR_CODES = 5;
/** The stages that take a row's time, without the waits between them. */
const STAGES = ['read_us', 'lane_read_us', 'decode_us', 'prepare_us', 'infer_us', 'post_us'] as const;

export type SampleRecord = ReturnType<typeof createSampleRecord>;

/** `rows`: distinct rows. `startedAt`: by performance.now(). */
export function createSampleRecord({
  rows,
  lanes,
  startedAt,
}: {
  rows: number;
  lanes: number;
  startedAt: number;
}) {
  const stats = createRunStats(createJobFlows().begin('sample'), null);
  const batches = new Map<BatchSeen, { at: number; rows: number }>();
  const completions: Completion[] = [];
  const errors = new Map<string, { code: string; rows: number; message: string }>();
  let failedRows = 0;
  let mostBeside = 0;

  function fail({ code, message }: RowError): void {
    failedRows += 1;
    const known = errors.get(code);
    if (known) known.rows += 1;
    else if (errors.size < MAX_ERROR_CODES) errors.set(code, { code, rows: 1, message });
  }
  return {
    fetched(read: { readonly ms: number; readonly blockedMs: number }): void {
      stats.fetched(read);
    },
    unread(error: RowError): void {
      fail(error);
      completions.push({ at: performance.now(), rows: 1 });
    },
    answered({ ends, errors: failed }: Outcomes, batch: BatchSeen | null): void {
      stats.answered(ends.length, batch);
      for (const { error } of failed) fail(error);
      let seen = batch && batches.get(batch);
      if (!seen) {
        seen = { at: performance.now(), rows: 0 };
        if (batch) batches.set(batch, seen);
        completions.push(seen);
      }
      seen.rows += ends.length;
    },
    beside(blocks: number): void {
      mostBeside = Math.max(mostBeside, blocks);
    },
    /**
     * Whether `ms` have passed since as many batches were answered as there are lanes. An unread row counts as a batch.
     */
    measured(ms: number): boolean {
      const warm = completions[lanes - 1]?.at;
      return warm !== undefined && performance.now() - warm >= ms;
    },
    reply(rowsBegun: number): SampleReply {
      const finished = completions.reduce((sum, completion) => sum + completion.rows, 0);
      const { rows_computed = 0, bytes = 0, ...sums } = stats.totals();
      const stages = STAGES.map((name) => [name, sums[name] ?? 0] as const);
      return {
        rate: sampleRate(completions, { startedAt, lanes }),
        rows: Math.min(rowsBegun, rows),
        passes: finished / rows,
        lanes,
        meanRowBytes: rows_computed === 0 || bytes === 0 ? null : bytes / rows_computed,
        stageMs: Object.fromEntries(
          rows_computed === 0
            ? []
            : stages.map(([name, us]) => [name.slice(0, -3), us / 1000 / rows_computed]),
        ),
        failedRows,
        // Rows that are still running may fail later.
        errors: Array.from(errors.values(), (error) => ({ ...error })),
        blocksBeside: mostBeside,
        problem: completions.length === 0 ? 'no row was finished within the time of a sample' : null,
      };
    },
  };
}
