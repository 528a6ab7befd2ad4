/** Reads rows for code of users, in calls that hold a bounded number of bytes. */
import { performance } from 'node:perf_hooks';
import type { FailedOutcome } from '../../../shared/domain/row.ts';
import type { PredictorRow } from '../../../predictor/predictor-context.ts';
import type { InferenceTimings } from '../models/inference.ts';
import type { TaskInput } from '../tasks/task.ts';
import type { ReadRow } from './predictor-rows.ts';

/** Encoded bytes of the rows of one call. Rows beyond that go into another call. */
const CALL_BYTES = 64 * 1024 * 1024;

export interface RowsOfCall {
  readonly rows: PredictorRow[];
  /** Their positions among the inputs. */
  readonly places: number[];
}

/** `onFailed`: called for each row that cannot be read. */
export async function* readInCalls(
  inputs: readonly TaskInput[],
  readRow: ReadRow,
  timings: Pick<InferenceTimings, 'prepareMs'>,
  onFailed: (place: number, outcome: FailedOutcome) => void,
): AsyncGenerator<RowsOfCall, void, undefined> {
  let call: RowsOfCall = { rows: [], places: [] };
  let held = 0;
  for (const [place, input] of inputs.entries()) {
    const started = performance.now();
    const reading = readRow(input);
    const read = reading instanceof Promise ? await reading : reading;
    timings.prepareMs += performance.now() - started;
    if (!read.ok) {
      onFailed(place, read);
      continue;
    }
    call.rows.push(read.row);
    call.places.push(place);
    held += read.bytes;
    if (held < CALL_BYTES) continue;
    yield call;
    call = { rows: [], places: [] };
    held = 0;
  }
  if (call.rows.length > 0) yield call;
}
