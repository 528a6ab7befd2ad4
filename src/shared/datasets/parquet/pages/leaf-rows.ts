/** The rows of a page of a leaf, with all of their values. */
import { Damage } from '../file/damage.ts';
import type { Leaf } from '../file/leaves.ts';
import type { LeafPage, Values } from './decode-page.ts';
import { counted } from '../../../text/counted.ts';

export interface LeafRows {
  /** Counted from the first row of the group. */
  readonly firstRow: number;
  readonly rows: number;
  readonly rep: Uint8Array | null;
  readonly def: Uint8Array | null;
  /** One per row, with nulls, if `rep` is null. Else all values that are not null. */
  readonly values: Values;
  /** Where each row begins among the levels, and where the last one ends. Null if `rep` is. */
  readonly starts: Uint32Array | null;
  /** The same among the values. */
  readonly valueStarts: Uint32Array | null;
  /** Whether BAD_TEXT is among the values. */
  readonly hasBadText: boolean;
  /** Approximate bytes in memory. */
  readonly bytes: number;
}

/** `page`: where each value is a row. */
export function flatRows(page: LeafPage, firstRow: number, { maxDef }: Leaf): LeafRows {
  const { length, def } = page;
  const values = def === null ? page.values : withNulls(page.values, def, maxDef);
  if (values.length !== length)
    throw new Damage(`a page of ${counted(length, 'value')} has ${values.length}`);
  return {
    firstRow,
    rows: length,
    rep: null,
    def,
    values,
    starts: null,
    valueStarts: null,
    hasBadText: page.hasBadText,
    bytes: page.bytes,
  };
}

function withNulls(values: Values, def: Uint8Array, maxDef: number): Values {
  const all = Array<unknown>(def.length).fill(null);
  let next = 0;
  for (let i = 0; i < def.length; i++) if (def[i] === maxDef) all[i] = values[next++];
  return all;
}

/** `parts`: the page where the rows begin, and the pages that continue its last row. */
export function repeatedRows(parts: readonly LeafPage[], firstRow: number, { maxDef }: Leaf): LeafRows {
  const cuts = parts.map((page, n) => cutOf(page, n === 0, maxDef));
  const rep = joined(cuts.map(({ rep }) => rep)) as Uint8Array;
  const hasNulls = cuts.some(({ def }) => def !== null);
  const full = (length: number) => new Uint8Array(length).fill(maxDef);
  const def = hasNulls ? (joined(cuts.map((cut) => cut.def ?? full(cut.rep.length))) as Uint8Array) : null;
  const values = joined(cuts.map((cut) => cut.values));
  let rows = 0;
  for (const level of rep) if (level === 0) rows += 1;
  const starts = new Uint32Array(rows + 1);
  const valueStarts = new Uint32Array(rows + 1);
  let row = 0;
  let value = 0;
  for (let i = 0; i < rep.length; i++) {
    if (rep[i] === 0) {
      starts[row] = i;
      valueStarts[row++] = value;
    }
    if (def === null || def[i] === maxDef) value += 1;
  }
  starts[row] = rep.length;
  valueStarts[row] = value;
  if (value !== values.length)
    throw new Damage(`a page with ${counted(values.length, 'value')} says that it has ${value}`);
  return {
    firstRow,
    rows,
    rep,
    def,
    values,
    starts,
    valueStarts,
    hasBadText: parts.some((page) => page.hasBadText),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The part of a page that belongs to the rows. */
function cutOf({ length, rep, def, values }: LeafPage, isFirst: boolean, maxDef: number) {
  if (rep === null) throw new Damage('its levels are missing');
  const begins = rep.indexOf(0);
  const [from, to] = isFirst
    ? [begins === -1 ? length : begins, length]
    : [0, begins === -1 ? length : begins];
  const valuesIn = (a: number, b: number) => {
    if (def === null) return b - a;
    let count = 0;
    for (let i = a; i < b; i++) if (def[i] === maxDef) count += 1;
    return count;
  };
  const skipped = valuesIn(0, from);
  return {
    rep: rep.subarray(from, to),
    def: def?.subarray(from, to) ?? null,
    values: slice(values, skipped, skipped + valuesIn(from, to)),
  };
}

/** Copies no numbers. */
export function slice(values: Values, from: number, to: number): Values {
  if (from === 0 && to === values.length) return values;
  return ArrayBuffer.isView(values) && 'subarray' in values
    ? (values as unknown as Float64Array).subarray(from, to)
    : Array.prototype.slice.call(values, from, to);
}

function joined(parts: readonly Values[]): Values {
  const some = parts.filter(({ length }) => length > 0);
  if (some.length <= 1) return some[0] ?? parts[0]!;
  const [first] = some;
  // All parts of a leaf have one type.
  if (first instanceof Uint8Array) return Buffer.concat(some as Uint8Array[]);
  return some.flatMap((part) => Array.from(part));
}
