/**
 * Lends large buffers and uses them again. The garbage collector counts the bytes of new buffers, and collects the
 * whole heap when there are too many. So a new buffer that lives for a while costs many times as much as filling it.
 */
export interface BufferPool {
  /** Its content is undefined. */
  take(length: number): Buffer<ArrayBuffer>;
  /**
   * The caller must not use the buffer any more. Giving back a part of a buffer gives back the whole. Buffers from
   * elsewhere are left to the garbage collector, and so are buffers that are never given back.
   */
  giveBack(buffer: Uint8Array): void;
}

/** Smaller buffers are cheap, and larger ones are rare. */
const LEAST = 16 * 1024;
const MOST = 4 * 1024 * 1024;

/** `maxFreeBytes`: the limit for all buffers that wait for their next use. `most`: no larger buffer is used again. */
export function createBufferPool(maxFreeBytes: number, most = MOST): BufferPool {
  /** By size. */
  const free = new Map<number, ArrayBuffer[]>();
  const lent = new WeakSet<ArrayBufferLike>();
  let freeBytes = 0;

  return {
    take(length) {
      if (length < LEAST || length > most) return Buffer.allocUnsafeSlow(length);
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

/** Makes a new buffer each time. */
export const NEW_BUFFERS: BufferPool = {
  take: (length) => Buffer.allocUnsafeSlow(length),
  giveBack: () => {},
};
