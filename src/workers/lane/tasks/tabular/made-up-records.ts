/** Made-up records for probing a model, or the example of model.json with other numbers. */
import type { Fields } from '../record.ts';
import type { BoundTask } from '../task.ts';
import type { ColumnReader } from './column-reader.ts';

const RECORDS = 4;

/** See BoundTask.probeRows. `example`: null if model.json has none. */
export function madeUpRecords(
  readers: readonly ColumnReader[],
  example: Fields | null,
): ReturnType<BoundTask['probeRows']> {
  // The plainest one is round 0, and comes last.
  const rows = Array.from({ length: RECORDS }, (_, at) => {
    const round = RECORDS - 1 - at;
    return { madeUp: round === 0 && example !== null ? example : madeUpRecord(readers, example, round) };
  });
  const plainest =
    'zeros and empty strings (if the model takes only certain values, give a good record as "example" in model.json)';
  return { rows, what: example === null ? plainest : 'the example of model.json' };
}

/** A model may know only certain texts and whole numbers, so those of an example stay. */
function madeUpRecord(readers: readonly ColumnReader[], example: Fields | null, round: number): Fields {
  const changing = readers.filter(({ input }) => example === null || input.type.startsWith('float'));
  const values = changing.flatMap((reader, n) =>
    reader.columns.map(({ field }, at) => [field, reader.madeUp(round === 0 ? 0 : round + n + at)] as const),
  );
  return Object.fromEntries([...Object.entries(example ?? {}), ...values]);
}
