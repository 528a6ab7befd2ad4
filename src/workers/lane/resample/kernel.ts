/**
 * The resampler's SIMD kernel and its memory: lays out tables, source and results, and runs the passes of
 * assembly/kernel.ts. One a lane: it is synchronous, and its memory is used again for every image.
 */
import { readFileSync } from 'node:fs';
import type { ResamplingPlan } from './pillow-resampler.ts';

export interface ResamplingKernel {
  /**
   * Room for `length` bytes of RGB, to be filled with at least the plan's region; content undefined. Valid
   * until the next call of either function.
   */
  source(plan: ResamplingPlan, length: number): Uint8Array;
  /**
   * The window, packed RGB, of the source that was filled in for the same plan. `offset`: of the region's
   * first pixel in it; `stride`: from line to line; in bytes.
   */
  resample(plan: ResamplingPlan, offset: number, stride: number): Uint8Array;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  horizontal(
    source: number,
    stride: number,
    rows: number,
    first: number,
    weights: number,
    pairs: number,
    width: number,
    out: number,
    outStride: number,
  ): void;
  vertical(
    source: number,
    stride: number,
    line: number,
    rows: number,
    first: number,
    weights: number,
    pairs: number,
    out: number,
  ): void;
}

/** Where things lie in the memory, by their addresses. */
interface Layout {
  readonly columnFirst: number;
  readonly columnWeights: number;
  readonly rowFirst: number;
  readonly rowWeights: number;
  readonly source: number;
  readonly middle: number;
  readonly out: number;
  readonly end: number;
}

/** Memory above this is given back after the image that needed it: WebAssembly memory only grows. */
const KEPT_BYTES = 48 * 2 ** 20;
const PAGE_BYTES = 65_536;

/** Compiles the kernel that the build put beside this file. */
export function createResamplingKernel(): ResamplingKernel {
  const compiled = new WebAssembly.Module(readFileSync(new URL('assembly/kernel.wasm', import.meta.url)));
  const instantiate = () => new WebAssembly.Instance(compiled).exports as unknown as Exports;
  let wasm = instantiate();
  let layout: Layout | null = null;

  function source(plan: ResamplingPlan, length: number): Uint8Array {
    if (wasm.memory.buffer.byteLength > KEPT_BYTES) wasm = instantiate();
    layout = layOut(plan, length);
    const missing = layout.end - wasm.memory.buffer.byteLength;
    if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return new Uint8Array(wasm.memory.buffer, layout.source, length);
  }

  function resample(plan: ResamplingPlan, offset: number, stride: number): Uint8Array {
    if (layout === null) throw new Error('no source was filled in (this is a bug)');
    const { buffer } = wasm.memory;
    const { window, region, columns, rows } = plan;
    const at = layout;
    if (plan.copies) return copyLines(new Uint8Array(buffer, at.source + offset), stride, plan);
    new Int32Array(buffer, at.columnFirst, window.width).set(columns.first.map((pixel) => pixel * 3));
    new Int16Array(buffer, at.columnWeights, columns.weights.length).set(columns.weights);
    new Int32Array(buffer, at.rowFirst, window.height).set(rows.first);
    new Int16Array(buffer, at.rowWeights, rows.weights.length).set(rows.weights);
    wasm.horizontal(
      at.source + offset,
      stride,
      region.height,
      at.columnFirst,
      at.columnWeights,
      columns.pairs,
      window.width,
      at.middle,
      middleStride(plan),
    );
    wasm.vertical(
      at.middle,
      middleStride(plan),
      window.width * 3,
      window.height,
      at.rowFirst,
      at.rowWeights,
      rows.pairs,
      at.out,
    );
    return new Uint8Array(buffer, at.out, window.width * window.height * 3).slice();
  }

  return { source, resample };
}

function layOut(plan: ResamplingPlan, sourceLength: number): Layout {
  let end = 1024;
  const take = (bytes: number, beyond: number) => {
    const at = end;
    // Whole vectors are read and written: 16 bytes more. Addresses are kept at multiples of 16.
    end += Math.ceil((bytes + beyond + 16) / 16) * 16;
    return at;
  };
  const { window, region, columns, rows } = plan;
  return {
    columnFirst: take(window.width * 4, 0),
    columnWeights: take(columns.weights.byteLength, 0),
    rowFirst: take(window.height * 4, 0),
    rowWeights: take(rows.weights.byteLength, 0),
    // Beyond: taps of weight 0, and the second line of the last two.
    source: take(sourceLength, columns.pairs * 6 + Math.ceil(sourceLength / region.height)),
    middle: take(region.height * middleStride(plan), (rows.pairs * 2 + 1) * middleStride(plan)),
    out: take(window.height * window.width * 3, 0),
    end,
  };
}

/** A line between the passes, with room for the byte that its last pixel leaves behind. */
function middleStride({ window }: ResamplingPlan): number {
  return Math.ceil((window.width * 3 + 1) / 16) * 16;
}

function copyLines(source: Uint8Array, stride: number, { window }: ResamplingPlan): Uint8Array {
  const line = window.width * 3;
  const out = new Uint8Array(line * window.height);
  for (let y = 0; y < window.height; y++) out.set(source.subarray(y * stride, y * stride + line), y * line);
  return out;
}
