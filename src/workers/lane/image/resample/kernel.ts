/**
 * The resampler's SIMD kernel and its memory: puts tables, source and results there, and runs the passes of
 * assembly/kernel.ts. A lane has one, and so does each of its decode threads. Ensembles have one more for each other
 * window of the same image. A kernel is synchronous, and reuses its memory for every image.
 */
import { readFileSync } from 'node:fs';
import { layOut, makeParts, type Layout, type PlanParts } from './kernel-memory.ts';
import type { ResamplingPlan, Size } from './pillow-resampler.ts';

export interface ResamplingKernel {
  /** Begins with the next image. Returns where its pixels go. */
  open(plan: ResamplingPlan, use: SourceUse): PixelRoom;
  /** Returns the window as packed RGB. The plan's region must have been filled in. */
  resample(): Uint8Array;
  /** Returns a copy of the plan's region before resizing, as packed RGB. The source must have been kept. */
  original(): Uint8Array;
  /** Returns the window as normalised numbers: width x height x channels. Valid until the next call of any function. */
  normalise(normalisation: Normalisation): Float32Array;
  /**
   * `onReplace`: called before another image takes the place of this one. Until then, the functions above still work for
   * this one. Must not throw. Only one caller can wait for it.
   */
  hold(onReplace: () => void): void;
}

/** What is done with the pixels before they are resized. */
export interface SourceUse {
  /** They are turned to grey with three equal channels, as with Pillow's `convert("L")`. */
  readonly grey: boolean;
  /** They are kept for `original`. */
  readonly keep: boolean;
}

/**
 * Takes the pixels of a plan's region as RGB. The last call of one of its functions counts. In bytes, `offset` is the
 * position of the region's first column in a line, and `stride` the distance from line to line.
 */
export interface PixelRoom {
  /**
   * A buffer for `length` bytes, which the caller fills with at least the region. `offset` is that of the region's first
   * pixel. The content is undefined. Valid until the next call of any function of the kernel.
   */
  whole(length: number, offset: number, stride: number): Uint8Array;
  /**
   * Returns a function that takes the region's lines from top to bottom. Each call gets one or more whole lines. They are
   * resized to the result's width at once, and are kept only if the source is needed as a whole.
   */
  strips(offset: number, stride: number): (lines: Uint8Array) => void;
}

/** Whether the region must be in the memory as a whole. If not, each line can be resized as soon as it is there. */
export function needsWhole({ copies, tall }: ResamplingPlan, { keep }: SourceUse): boolean {
  return copies || tall || keep;
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

/**
 * About as many bytes are resized at once, because they are still in the cache of the core then. The decoder hands its
 * pixels out in pieces of the same size.
 */
const STRIP_BYTES = 65_536;

/** Compiles the kernel that the build has put beside this file. */
export function createResamplingKernel(): ResamplingKernel {
  const compiled = new WebAssembly.Module(readFileSync(new URL('assembly/kernel.wasm', import.meta.url)));
  const instantiate = () => new WebAssembly.Instance(compiled).exports as unknown as Exports;
  let wasm = instantiate();
  let plan: ResamplingPlan;
  let use: SourceUse;
  let layout: Layout | null = null;
  /** The region in the memory. Null if it is not there as a whole. */
  let source: Lines | null = null;
  /** Runs the passes that are left. */
  let finish: () => Lines = notFilled;
  /** The window of the current source. Null if it has not been resized yet. */
  let resized: Lines | null = null;
  /** What the numbers of the current window were made with. Null if there are none yet. */
  let numbersOf: Normalisation | null = null;
  let onReplace: (() => void) | null = null;
  /** The number tables that are in the memory. They stay valid as long as their address stays the same. */
  let tablesInMemory: Float32Array | null = null;
  let view = new Float32Array(0);
  let memory = new Uint8Array(0);
  const partsOf = new WeakMap<ResamplingPlan, PlanParts>();
  const room: PixelRoom = { whole, strips };

  function open(nextPlan: ResamplingPlan, nextUse: SourceUse): PixelRoom {
    onReplace?.();
    onReplace = null;
    plan = nextPlan;
    use = nextUse;
    finish = notFilled;
    return room;
  }

  /** `bytes`, `stride`: of the source that is in the memory at once. */
  function reserve(bytes: number, stride: number): Layout {
    resized = null;
    numbersOf = null;
    if (wasm.memory.buffer.byteLength > KEPT_BYTES) {
      wasm = instantiate();
      layout = null;
    }
    let parts = partsOf.get(plan);
    if (parts === undefined) partsOf.set(plan, (parts = makeParts(plan)));
    const next = layOut(plan, parts, bytes, stride);
    if (next.numberTables !== layout?.numberTables) tablesInMemory = null;
    layout = next;
    const missing = layout.end - wasm.memory.buffer.byteLength;
    if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
    return layout;
  }

  function whole(length: number, offset: number, stride: number): Uint8Array {
    const { source: at } = reserve(length, stride);
    const lines = (source = { at: at + offset, stride });
    finish = () => fromWhole(lines);
    return memory.subarray(at, at + length);
  }

  function strips(offset: number, stride: number): (lines: Uint8Array) => void {
    const { region } = plan;
    let filled = 0;
    if (needsWhole(plan, use)) {
      const buffer = whole(stride * region.height, offset, stride);
      return (lines) => {
        buffer.set(lines, filled);
        filled += lines.length;
      };
    }
    // An even number, because the pass resizes two lines at a time.
    const count = Math.min(Math.max(2, Math.floor(STRIP_BYTES / stride / 2) * 2), region.height);
    const length = count * stride;
    const { source: at, middle, parts, tables } = reserve(length, stride);
    const { middleStride } = parts;
    memory.set(parts.tables, tables);
    source = null;
    finish = () => fromMiddle(filled);
    return (lines) => {
      for (let from = 0; from < lines.length; from += length) {
        const strip = lines.length <= length ? lines : lines.subarray(from, from + length);
        const height = Math.ceil(strip.length / stride);
        memory.set(strip, at);
        if (use.grey) wasm.grey(at + offset, stride, region.width, height);
        horizontal(at + offset, stride, height, middle + filled * middleStride, middleStride);
        filled += height;
      }
    };
  }

  function fromWhole({ at, stride }: Lines): Lines {
    const { window, region } = plan;
    const { parts, tables, middle, out } = layout!;
    const { middleStride, outStride } = parts;
    if (use.grey) wasm.grey(at, stride, region.width, region.height);
    if (plan.copies) return { at, stride };
    memory.set(parts.tables, tables);
    if (plan.tall) {
      vertical(at, stride, region.width, middle, middleStride);
      horizontal(middle, middleStride, window.height, out, outStride);
    } else {
      horizontal(at, stride, region.height, middle, middleStride);
      vertical(middle, middleStride, window.width, out, outStride);
    }
    return { at: out, stride: outStride };
  }

  /** The horizontal pass has been done strip by strip. */
  function fromMiddle(lines: number): Lines {
    const { window, region } = plan;
    if (lines !== region.height)
      throw new Error(`${lines} of ${region.height} lines filled in (this is a bug)`);
    const { parts, middle, out } = layout!;
    vertical(middle, parts.middleStride, window.width, out, parts.outStride);
    return { at: out, stride: parts.outStride };
  }

  function horizontal(from: number, fromStride: number, lines: number, to: number, toStride: number): void {
    const { parts, tables } = layout!;
    const { pairs } = plan.columns;
    const weights = tables + parts.columnWeights;
    wasm.horizontal(from, fromStride, lines, tables, weights, pairs, plan.window.width, to, toStride);
  }

  function vertical(from: number, fromStride: number, width: number, to: number, toStride: number): void {
    const { parts, tables } = layout!;
    const { pairs } = plan.rows;
    const [first, weights] = [tables + parts.rowFirst, tables + parts.rowWeights];
    wasm.vertical(from, fromStride, width * 3, plan.window.height, first, weights, pairs, to, toStride);
  }

  function resample(): Uint8Array {
    const { at, stride } = (resized ??= finish());
    return copyLines(memory.subarray(at), stride, plan.window);
  }

  function original(): Uint8Array {
    if (source === null) throw new Error('the source was not kept (this is a bug)');
    return copyLines(memory.subarray(source.at), source.stride, plan.region);
  }

  function normalise(normalisation: Normalisation): Float32Array {
    const { tables, channels, count, planar } = normalisation;
    const { at, stride } = (resized ??= finish());
    const { numbers, numberTables } = layout!;
    const { width, height } = plan.window;
    const length = width * height * count;
    if (numbersOf === normalisation) return numbersAt(numbers, length);
    if (tablesInMemory !== tables) {
      new Float32Array(wasm.memory.buffer, numberTables, tables.length).set(tables);
      tablesInMemory = tables;
    }
    const apart = planar ? width * height * 4 : 4;
    const red = numbers + channels[0] * apart;
    const green = numbers + channels[1] * apart;
    const blue = numbers + channels[2] * apart;
    const step = planar ? 4 : 4 * count;
    wasm.normalise(at, stride, width, height, numberTables, red, green, blue, step);
    numbersOf = normalisation;
    return numbersAt(numbers, length);
  }

  /** A view of the numbers. Reuses the last view if it fits. */
  function numbersAt(at: number, length: number): Float32Array {
    const { buffer } = wasm.memory;
    if (view.buffer !== buffer || view.byteOffset !== at || view.length !== length) {
      view = new Float32Array(buffer, at, length);
    }
    return view;
  }

  const hold = (call: () => void) => void (onReplace = call);

  return { open, resample, original, normalise, hold };
}

function notFilled(): never {
  throw new Error('no source was filled in (this is a bug)');
}

function copyLines(from: Uint8Array, stride: number, { width, height }: Size): Uint8Array {
  const line = width * 3;
  const out = new Uint8Array(line * height);
  for (let y = 0; y < height; y++) out.set(from.subarray(y * stride, y * stride + line), y * line);
  return out;
}
