/**
 * Large buffers that are used again. The garbage collector counts the bytes of each new buffer, and when they are too
 * many, it collects the whole heap. So new buffers that live for a while cost many times as much as filling them.
 */
export interface BufferPool {
  /** Its content is undefined. */
  take(length: number): Buffer<ArrayBuffer>;
  /**
   * The caller must not use the buffer any more. A part of it stands for the whole. Buffers of other origin are left
   * to the garbage collector, and so are buffers that are never given back.
   */
  giveBack(buffer: Uint8Array): void;
}

/** Smaller ones are cheap, and larger ones are rare. */
const LEAST = 16 * 1024;
const MOST = 4 * 1024 * 1024;

/** `maxFreeBytes`: of all buffers that wait for their next use. */
export function createBufferPool(maxFreeBytes: number): BufferPool {
  /** By size. */
  const free = new Map<number, ArrayBuffer[]>();
  const lent = new WeakSet<ArrayBufferLike>();
  let freeBytes = 0;

  return {
    take(length) {
      if (length < LEAST || length > MOST) return Buffer.allocUnsafeSlow(length);
      const size = 2 ** Math.ceil(Math.log2(length));
      let memory = free.get(size)?.pop();
      if (memory === undefined) memory = Buffer.allocUnsafeSlow(size).buffer;
      else freeBytes -= size;
      lent.add(memory);
      return Buffer.from(memory, 0, length);
    },
    giveBack({ buffer }) {
      if (!lent.delete(buffer)) return;
      const size = buffer.byteLength;
      if (size === 0 || freeBytes + size > maxFreeBytes) return;
      freeBytes += size;
      const others = free.get(size);
      if (others === undefined) free.set(size, [buffer as ArrayBuffer]);
      else others.push(buffer as ArrayBuffer);
    },
  };
}

/** Always new buffers. */
export const NEW_BUFFERS: BufferPool = {
  take: (length) => Buffer.allocUnsafeSlow(length),
  giveBack: () => {},
};
