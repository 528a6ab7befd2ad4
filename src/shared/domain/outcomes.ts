/**
 * The outcomes of consecutive rows in one piece, from the lane to the part. A small model answers a row in a
 * microsecond, and an object per row would cost as much.
 */
import type { RowError, RowOutcome } from './row.ts';

export interface Outcomes {
  /** The results one after the other, as UTF-8. See RowOutcome. A failed row has none. */
  readonly results: Uint8Array;
  /** Where the first result begins. */
  readonly start: number;
  /** One per row: where its result ends. */
  readonly ends: Uint32Array;
  /** The failed rows, in order. */
  readonly errors: readonly FailedRow[];
  /** Two numbers per row, if lanes have opened files: their size and modification time. See file-version.ts. */
  readonly stamps?: Float64Array;
  /** One per row, if lanes were asked for the versions of files by content. Null: a lane has not read the row's file. */
  readonly digests?: readonly (string | null)[];
}

export interface FailedRow {
  /** Position among the rows. */
  readonly at: number;
  readonly error: RowError;
}

export function packOutcomes(outcomes: readonly RowOutcome[]): Outcomes {
  const texts: string[] = [];
  const errors: FailedRow[] = [];
  const ends = new Uint32Array(outcomes.length);
  let end = 0;
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.ok) {
      texts.push(outcome.result);
      end += outcome.result.length;
    } else errors.push({ at, error: outcome.error });
    ends[at] = end;
  }
  const results = Buffer.from(texts.join(''), 'utf8');
  // The lengths count UTF-16 units, which are bytes only in ASCII.
  if (results.length !== end) {
    end = 0;
    for (const [at, outcome] of outcomes.entries())
      ends[at] = end += outcome.ok ? Buffer.byteLength(outcome.result) : 0;
  }
  return { results, start: 0, ends, errors };
}

export function unpackOutcomes({ results, start, ends, errors }: Outcomes): RowOutcome[] {
  const bytes = Buffer.from(results.buffer, results.byteOffset + start, (ends.at(-1) ?? start) - start);
  const whole = bytes.toString('utf8');
  // In ASCII, characters lie where their bytes do. Cutting the text costs less than a call per row.
  const cut = (from: number, to: number) =>
    whole.length === bytes.length ? whole.slice(from, to) : bytes.toString('utf8', from, to);
  const failed = new Map(errors.map(({ at, error }) => [at, error]));
  let from = 0;
  return Array.from(ends, (end, at): RowOutcome => {
    const result = cut(from, (from = end - start));
    const error = failed.get(at);
    return error === undefined ? { ok: true, result } : { ok: false, error };
  });
}

/** The outcomes of the rows from `from` to before `to`. Nothing is copied. */
export function sliceOutcomes(outcomes: Outcomes, from: number, to: number): Outcomes {
  const { results, ends, errors, stamps, digests } = outcomes;
  if (from === 0 && to === ends.length) return outcomes;
  return {
    results,
    start: from === 0 ? outcomes.start : ends[from - 1]!,
    ends: ends.subarray(from, to),
    errors: errors.flatMap(({ at, error }) => (at >= from && at < to ? [{ at: at - from, error }] : [])),
    ...(stamps && { stamps: stamps.subarray(2 * from, 2 * to) }),
    ...(digests && { digests: digests.slice(from, to) }),
  };
}

/** The outcomes of parts of a batch in the lane, which have neither stamps nor digests yet. */
export function joinOutcomes(parts: readonly Outcomes[]): Outcomes {
  if (parts.length === 1) return parts[0]!;
  const ends = new Uint32Array(parts.reduce((rows, part) => rows + part.ends.length, 0));
  const errors: FailedRow[] = [];
  const results: Uint8Array[] = [];
  let first = 0;
  let bytes = 0;
  for (const part of parts) {
    const last = part.ends.at(-1) ?? part.start;
    results.push(part.results.subarray(part.start, last));
    for (const [at, end] of part.ends.entries()) ends[first + at] = bytes + end - part.start;
    for (const { at, error } of part.errors) errors.push({ at: first + at, error });
    first += part.ends.length;
    bytes += last - part.start;
  }
  return { results: Buffer.concat(results, bytes), start: 0, ends, errors };
}

/** Every row failed for the same reason. */
export function failedOutcomes(rows: number, error: RowError): Outcomes {
  return {
    results: new Uint8Array(),
    start: 0,
    ends: new Uint32Array(rows),
    errors: Array.from({ length: rows }, (_, at) => ({ at, error })),
  };
}

/**
 * `rows`: the errors of rows that failed earlier, and null for the others. `others`: the outcomes of these others, in
 * order.
 */
export function amongFailed(rows: readonly (RowError | null)[], others: Outcomes): Outcomes {
  if (others.ends.length === rows.length) return others;
  const ends = new Uint32Array(rows.length);
  const errors: FailedRow[] = [];
  const failedLater = new Map(others.errors.map(({ at, error }) => [at, error]));
  let end = others.start;
  let next = 0;
  for (const [at, early] of rows.entries()) {
    const error = early ?? failedLater.get(next);
    if (early === null) end = others.ends[next++]!;
    ends[at] = end;
    if (error !== undefined && error !== null) errors.push({ at, error });
  }
  return { results: others.results, start: others.start, ends, errors };
}
