/** Memory for the elements of many rows, one row after the other. It grows, and later batches reuse it. */
import type { Elements, ElementType } from './element-types.ts';

export interface ElementBuffer {
  /** Changes when the buffer grows. */
  readonly data: Elements;
  /** Elements that are kept. */
  readonly used: number;
  /** Makes room after the elements that are kept. Returns where the room begins. Throws if there is no memory. */
  room(length: number): number;
  /** Keeps the first `length` elements of the room. */
  keep(length: number): void;
  /** Drops all elements. */
  clear(): void;
}

export function createElementBuffer(type: ElementType): ElementBuffer {
  let data = type.allocate(0);
  let used = 0;
  return {
    get data() {
      return data;
    },
    get used() {
      return used;
    },
    room(length) {
      if (used + length <= data.length) return used;
      const larger = type.allocate(Math.max(used + length, 2 * data.length));
      copyElements(data, 0, larger, 0, used);
      data = larger;
      return used;
    },
    keep(length) {
      used += length;
    },
    clear() {
      used = 0;
      // Otherwise, strings of finished rows would stay in memory.
      if (Array.isArray(data)) data = type.allocate(0);
    },
  };
}

/** A part of the elements, without a copy if they are numbers. */
export function partOf(data: Elements, at: number, length: number): Elements {
  return Array.isArray(data) ? data.slice(at, at + length) : data.subarray(at, at + length);
}

/** So few elements are copied one by one. A view of them would cost more than the copy. */
const FEW = 16;

/** `to`: has the same element type. */
export function copyElements(
  from: Elements,
  fromAt: number,
  to: Elements,
  toAt: number,
  length: number,
): void {
  if (Array.isArray(from) || Array.isArray(to) || length < FEW) {
    const [source, target] = [from as unknown as unknown[], to as unknown as unknown[]];
    for (let i = 0; i < length; i++) target[toAt + i] = source[fromAt + i];
  } else {
    // The cast picks one of the signatures, which all work alike.
    (to as Float32Array).set((from as Float32Array).subarray(fromAt, fromAt + length), toAt);
  }
}
