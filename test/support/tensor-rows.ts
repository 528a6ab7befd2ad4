// Rows for models of the task "tensors", and their answers.
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { SharedLane } from './lanes.ts';

export type Tensors = Readonly<Record<string, unknown>>;

export async function runRecords(
  lane: SharedLane,
  records: readonly object[],
  model = 'm',
): Promise<readonly RowOutcome[]> {
  const rows = records.map((record) => ({ json: JSON.stringify(record) }));
  return (await lane.run({ model, rows, options: {} })).outcomes;
}

/** The outputs of each row. Throws if one failed. */
export async function answeredTensors(
  lane: SharedLane,
  records: readonly object[],
  model = 'm',
): Promise<readonly Tensors[]> {
  return (await runRecords(lane, records, model)).map((outcome) => {
    if (!outcome.ok) throw new Error(`a failed row: ${outcome.error.message}`);
    return (JSON.parse(`{${outcome.result}}`) as { outputs: Tensors }).outputs;
  });
}

/** The message of a row that failed with `invalid_row`. */
export function refusalOf(outcome: RowOutcome | undefined): string {
  if (outcome?.ok !== false || outcome.error.code !== 'invalid_row') {
    throw new Error(`not a refused row: ${JSON.stringify(outcome)}`);
  }
  return outcome.error.message;
}
