/** Says where in its table a failed row is, whoever found the error. */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import { isUnchanged } from '../../shared/domain/unchanged.ts';
import { errorAt } from '../../shared/rows/record-input.ts';
import type { BudgetedRead } from '../intake/read/budgeted-reader.ts';
import type { RowSource } from './open-block.ts';

/** `outcomes`: those of all rows of the source, in order. */
export async function explained(
  outcomes: Promise<readonly Outcomes[]>,
  { explain }: Pick<RowSource, 'explain'>,
): Promise<readonly Outcomes[]> {
  let first = 0;
  return (await outcomes).map((part) => {
    const start = first;
    first += part.ends.length;
    if (part.errors.length === 0) return part;
    const errors = part.errors.map(({ at, error }) => ({
      at,
      error: isUnchanged(error) ? error : explain(start + at, error),
    }));
    return { ...part, errors };
  });
}

/** For rows that are read one by one: remembers where they are. */
export function withListedPlaces(read: RowSource['read']): Pick<RowSource, 'read' | 'explain'> {
  const places = new Map<number, string>();
  const noteOf = (at: number) => (found: BudgetedRead) => {
    if (found.place !== undefined) places.set(at, found.place);
    return found;
  };
  return {
    read(at) {
      const reading = read(at);
      return reading instanceof Promise ? reading.then(noteOf(at)) : noteOf(at)(reading);
    },
    explain: (at, error) => errorAt(places.get(at), error),
  };
}
