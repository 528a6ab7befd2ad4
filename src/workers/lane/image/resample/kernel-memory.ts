/** How the kernel's memory is divided: tables of the plan, source, lines between the passes, and results. Pure. */
import type { ResamplingPlan } from './pillow-resampler.ts';

/** What a plan puts into the memory. It is made once per plan, because small images often have few sizes. */
export interface PlanParts {
  /** The tables of both axes, one after the other. The offsets of columns come first. */
  readonly tables: Uint8Array;
  /** Where the other tables begin. */
  readonly columnWeights: number;
  readonly rowFirst: number;
  readonly rowWeights: number;
  /** Bytes of a line between the passes, and of all lines. */
  readonly middleStride: number;
  readonly middleBytes: number;
  readonly outStride: number;
  readonly outBytes: number;
}

/** Addresses in the memory. */
export interface Layout {
  readonly parts: PlanParts;
  readonly numbers: number;
  readonly numberTables: number;
  readonly tables: number;
  readonly source: number;
  readonly middle: number;
  readonly out: number;
  readonly end: number;
}

export const NUMBER_TABLES_BYTES = 3 * 256 * 4;

/** `sourceBytes`, `sourceStride`: bytes of the source that are in the memory at once, and from line to line. */
export function layOut(
  plan: ResamplingPlan,
  parts: PlanParts,
  sourceBytes: number,
  sourceStride: number,
): Layout {
  const { window, columns, rows, tall } = plan;
  const { middleStride, middleBytes, outStride, outBytes } = parts;
  // Bytes that are read beyond the end: for taps of weight 0, and as the second line of the last pair.
  const beyondLine = columns.pairs * 6;
  const beyondLines = rows.pairs * 2 + 1;
  const numbers = 1024;
  const numberTables = numbers + room(window.width * window.height * 12, 0);
  const tables = numberTables + room(NUMBER_TABLES_BYTES, 0);
  const source = tables + room(parts.tables.length, 0);
  const middle = source + room(sourceBytes, beyondLine + sourceStride * (tall ? beyondLines : 1));
  const out = middle + room(middleBytes, beyondLine + middleStride * (tall ? 1 : beyondLines));
  const end = out + room(outBytes, outStride);
  return { parts, numbers, numberTables, tables, source, middle, out, end };
}

/** The passes read and write whole vectors of 16 bytes. Addresses are multiples of 16. */
function room(bytes: number, beyond: number): number {
  return Math.ceil((bytes + beyond + 16) / 16) * 16;
}

/** Bytes of a line of RGB, with room for the fourth byte that its last pixel writes. */
function paddedLine(width: number): number {
  return Math.ceil((width * 3 + 1) / 16) * 16;
}

export function makeParts({ window, region, columns, rows, tall }: ResamplingPlan): PlanParts {
  const columnWeights = room(window.width * 4, 0);
  const rowFirst = columnWeights + room(columns.weights.byteLength, 0);
  const rowWeights = rowFirst + room(window.height * 4, 0);
  const tables = new Uint8Array(rowWeights + rows.weights.byteLength);
  new Int32Array(tables.buffer, 0, window.width).set(columns.first.map((first) => first * 3));
  new Int16Array(tables.buffer, columnWeights, columns.weights.length).set(columns.weights);
  new Int32Array(tables.buffer, rowFirst, window.height).set(rows.first);
  new Int16Array(tables.buffer, rowWeights, rows.weights.length).set(rows.weights);
  const middleStride = paddedLine(tall ? region.width : window.width);
  const outStride = paddedLine(window.width);
  return {
    tables,
    columnWeights,
    rowFirst,
    rowWeights,
    middleStride,
    middleBytes: middleStride * (tall ? window.height : region.height),
    outStride,
    outBytes: outStride * window.height,
  };
}
