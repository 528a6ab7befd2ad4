/** Submits a row to a batcher and waits for its answer. The test must have announced the row with `expect`. */
import { unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { BatchGroup } from '#forebay/workers/intake/batch-group.js';
import type { Batcher } from '#forebay/workers/intake/batcher.js';
import type { BatchSeen, RowReceiver } from '#forebay/workers/intake/row-answer.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';

export interface RowAnswer {
  readonly outcome: RowOutcome;
  readonly batch: BatchSeen | null;
}

export async function answerTo(batcher: Batcher, group: BatchGroup, input: LaneInput): Promise<RowAnswer> {
  return new Promise((resolve) => {
    const answered: RowReceiver['answered'] = (_, outcomes, batch) => {
      const [outcome] = unpackOutcomes(outcomes);
      resolve({ outcome: outcome!, batch });
    };
    batcher.submit(group, [input], { answered }, 0);
  });
}
