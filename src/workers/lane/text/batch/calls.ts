/** Cuts the rows of a batch into model calls of similar lengths, so that little of a call is padding. Pure. */

export interface CallRules {
  /** Most tokens per call, including padding. */
  readonly tokensPerCall: number;
  /** Whether rows of one call may differ in length. */
  readonly mixed: boolean;
  /** The graph's fixed batch size. The executor cuts the calls of such a graph itself. Null: any size. */
  readonly fixedBatch: number | null;
}

/** Longest rows first, because later calls then fit into the memory of the first. */
export function callsByLength(
  rows: readonly number[],
  lengthOf: (row: number) => number,
  { tokensPerCall, mixed, fixedBatch }: CallRules,
): readonly (readonly number[])[] {
  const sorted = rows.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  if (fixedBatch !== null && mixed) return [sorted];
  const calls: number[][] = [];
  for (let at = 0; at < sorted.length;) {
    const length = Math.max(1, lengthOf(sorted[at]!));
    const most = Math.max(fixedBatch ?? 1, Math.floor(tokensPerCall / length));
    let end = Math.min(sorted.length, at + most);
    if (!mixed) while (lengthOf(sorted[end - 1]!) !== lengthOf(sorted[at]!)) end -= 1;
    calls.push(sorted.slice(at, end));
    at = end;
  }
  return calls;
}
