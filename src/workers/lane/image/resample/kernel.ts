/**
 * The resampler's SIMD kernel and its memory: lays out tables, source and results, and runs the passes of
 * assembly/kernel.ts. A lane has one, and so does each of its decode threads. It is synchronous, and reuses its memory
 * for every image.
 */
import { readFileSync } from 'node:fs';
import type { ResamplingPlan, Size } from './pillow-resampler.ts';

export interface ResamplingKernel {
  /**
   * A buffer for `length` bytes of RGB, which the caller fills with at least the plan's region. Its content is
   * undefined. Valid until the next call of any function.
   */
  source(plan: ResamplingPlan, length: number): Uint8Array;
  /**
   * Returns the window as packed RGB. The source must have been filled for the same plan. In bytes, `offset` is the
   * position of the region's first pixel in the source, and `stride` the distance from line to line.
   */
  resample(plan: ResamplingPlan, offset: number, stride: number): Uint8Array;
  /** Returns a copy of the plan's region of the source as packed RGB. */
  original(plan: ResamplingPlan, offset: number, stride: number): Uint8Array;
  /** Turns the plan's region of the source to grey with three equal channels, as Pillow's `convert("L")`. */
  toGrey(plan: ResamplingPlan, offset: number, stride: number): void;
  /** Returns the window as normalised numbers: width x height x channels. Valid until the next call of any function. */
  normalise(plan: ResamplingPlan, offset: number, stride: number, normalisation: Normalisation): Float32Array;
}

/** How bytes become numbers, and the order of the numbers. */
export interface Normalisation {
  /** 3 x 256: the numbers of red, then of green, then of blue bytes. */
  readonly tables: Float32Array;
  /**
   * The channel of the result for red, for green and for blue. Grey has three equal channels, which all become the
   * first.
   */
  readonly channels: readonly [red: number, green: number, blue: number];
  /** Channels of the result. */
  readonly count: 1 | 3;
  /** Whether one channel follows the other. If not, the channels of a pixel are side by side. */
  readonly planar: boolean;
}

/** The passes of assembly/kernel.ts. All numbers are addresses, bytes or counts. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  horizontal(
    ...of: [
      source: number,
      stride: number,
      rows: number,
      first: number,
      weights: number,
      pairs: number,
      width: number,
      out: number,
      outStride: number,
    ]
  ): void;
  vertical(
    ...of: [
      source: number,
      stride: number,
      line: number,
      rows: number,
      first: number,
      weights: number,
      pairs: number,
      out: number,
      outStride: number,
    ]
  ): void;
  grey(...of: [source: number, stride: number, width: number, rows: number]): void;
  normalise(
    ...of: [
      source: number,
      stride: number,
      width: number,
      rows: number,
      tables: number,
      red: number,
      green: number,
      blue: number,
      step: number,
    ]
  ): void;
}

/** What a plan puts into the memory. It is made once per plan, because small images often have few sizes. */
interface PlanParts {
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
interface Layout {
  readonly parts: PlanParts;
  readonly numbers: number;
  readonly numberTables: number;
  readonly tables: number;
  readonly source: number;
  readonly middle: number;
  readonly out: number;
  readonly end: number;
}

/** Where the resized window is. */
interface Lines {
  /** The address of its first pixel. */
  readonly at: number;
  /** Bytes from line to line. */
  readonly stride: number;
}

/** WebAssembly memory only grows. An instance above this is replaced after the image that needed it. */
const KEPT_BYTES = 48 * 2 ** 20;
const PAGE_BYTES = 65_536;
const NUMBER_TABLES_BYTES = 3 * 256 * 4;

/** Compiles the kernel that the build has put beside this file. */
export function createResamplingKernel(): ResamplingKernel {
  const compiled = new WebAssembly.Module(readFileSync(new URL('assembly/kernel.wasm', import.meta.url)));
  const instantiate = () => new WebAssembly.Instance(compiled).exports as unknown as Exports;
  let wasm = instantiate();
  let layout: Layout | null = null;
  /** The window of the current source. Null if it has not been resized yet. */
  let resized: Lines | null = null;
  /** The number tables that are in the memory. They stay valid as long as their address stays the same. */
  let tablesInMemory: Float32Array | null = null;
  let view = new Float32Array(0);
  let memory = new Uint8Array(0);
  const partsOf = new WeakMap<ResamplingPlan, PlanParts>();

  function source(plan: ResamplingPlan, length: number): Uint8Array {
    resized = null;
    if (wasm.memory.buffer.byteLength > KEPT_BYTES) {
      wasm = instantiate();
      layout = null;
    }
    let parts = partsOf.get(plan);
    if (parts === undefined) partsOf.set(plan, (parts = makeParts(plan)));
    const next = layOut(plan, parts, length);
    if (next.numberTables !== layout?.numberTables) tablesInMemory = null;
    layout = next;
    const missing = layout.end - wasm.memory.buffer.byteLength;
    if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
    return memory.subarray(layout.source, layout.source + length);
  }

  function resample(plan: ResamplingPlan, offset: number, stride: number): Uint8Array {
    const lines = (resized ??= runPasses(plan, offset, stride));
    return copyLines(memory.subarray(lines.at), lines.stride, plan.window);
  }

  function original({ region }: ResamplingPlan, offset: number, stride: number): Uint8Array {
    if (layout === null) throw new Error('no source was filled in (this is a bug)');
    return copyLines(memory.subarray(layout.source + offset), stride, region);
  }

  function toGrey({ region }: ResamplingPlan, offset: number, stride: number): void {
    if (layout === null) throw new Error('no source was filled in (this is a bug)');
    resized = null;
    wasm.grey(layout.source + offset, stride, region.width, region.height);
  }

  function normalise(
    plan: ResamplingPlan,
    offset: number,
    stride: number,
    { tables, channels, count, planar }: Normalisation,
  ): Float32Array {
    const lines = (resized ??= runPasses(plan, offset, stride));
    const { numbers, numberTables } = layout!;
    if (tablesInMemory !== tables) {
      new Float32Array(wasm.memory.buffer, numberTables, tables.length).set(tables);
      tablesInMemory = tables;
    }
    const { width, height } = plan.window;
    const apart = planar ? width * height * 4 : 4;
    const red = numbers + channels[0] * apart;
    const green = numbers + channels[1] * apart;
    const blue = numbers + channels[2] * apart;
    const step = planar ? 4 : 4 * count;
    wasm.normalise(lines.at, lines.stride, width, height, numberTables, red, green, blue, step);
    return numbersAt(numbers, width * height * count);
  }

  /** A view of the numbers. Reuses the last view if it fits. */
  function numbersAt(at: number, length: number): Float32Array {
    const { buffer } = wasm.memory;
    if (view.buffer !== buffer || view.byteOffset !== at || view.length !== length) {
      view = new Float32Array(buffer, at, length);
    }
    return view;
  }

  function runPasses(plan: ResamplingPlan, offset: number, stride: number): Lines {
    if (layout === null) throw new Error('no source was filled in (this is a bug)');
    const { window, region, columns, rows } = plan;
    const { parts, tables, middle, out } = layout;
    const { middleStride, outStride } = parts;
    const start = layout.source + offset;
    if (plan.copies) return { at: start, stride };
    memory.set(parts.tables, tables);
    const columnWeights = tables + parts.columnWeights;
    const rowFirst = tables + parts.rowFirst;
    const rowWeights = tables + parts.rowWeights;
    if (plan.tall) {
      vertical(start, stride, region.width, middle, middleStride);
      horizontal(middle, middleStride, window.height, out, outStride);
    } else {
      horizontal(start, stride, region.height, middle, middleStride);
      vertical(middle, middleStride, window.width, out, outStride);
    }
    return { at: out, stride: outStride };

    function horizontal(from: number, fromStride: number, lines: number, to: number, toStride: number): void {
      const { pairs } = columns;
      wasm.horizontal(from, fromStride, lines, tables, columnWeights, pairs, window.width, to, toStride);
    }

    function vertical(from: number, fromStride: number, width: number, to: number, toStride: number): void {
      const { pairs } = rows;
      wasm.vertical(from, fromStride, width * 3, window.height, rowFirst, rowWeights, pairs, to, toStride);
    }
  }

  return { source, resample, original, toGrey, normalise };
}

function layOut(plan: ResamplingPlan, parts: PlanParts, sourceLength: number): Layout {
  const { window, region, columns, rows, tall } = plan;
  const { middleStride, middleBytes, outStride, outBytes } = parts;
  // Bytes that are read beyond the end: for taps of weight 0, and as the second line of the last pair.
  const beyondLine = columns.pairs * 6;
  const beyondLines = rows.pairs * 2 + 1;
  const sourceStride = Math.ceil(sourceLength / region.height);
  const numbers = 1024;
  const numberTables = numbers + room(window.width * window.height * 12, 0);
  const tables = numberTables + room(NUMBER_TABLES_BYTES, 0);
  const source = tables + room(parts.tables.length, 0);
  const middle = source + room(sourceLength, beyondLine + sourceStride * (tall ? beyondLines : 1));
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

function makeParts({ window, region, columns, rows, tall }: ResamplingPlan): PlanParts {
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

function copyLines(from: Uint8Array, stride: number, { width, height }: Size): Uint8Array {
  const line = width * 3;
  const out = new Uint8Array(line * height);
  for (let y = 0; y < height; y++) out.set(from.subarray(y * stride, y * stride + line), y * line);
  return out;
}
