/** Hands the lines of one region to several kernels, each of which takes a part of that region. */
import type { PixelRoom } from '../resample/kernel.ts';
import type { Region } from '../resample/pillow-resampler.ts';

export interface SplitRoom extends PixelRoom {
  /** All pixels are there. */
  end(): void;
}

export interface Part {
  readonly room: PixelRoom;
  /** Lies within the region that is split. */
  readonly region: Region;
}

/** If a decoder fills a buffer, it is that of `main`, and the other parts get their lines at the end. */
export function splitRoom(main: Part, others: readonly Part[], region: Region): SplitRoom {
  const parts = [main, ...others];
  let end = () => {};

  function strips(offset: number, stride: number): (lines: Uint8Array) => void {
    end = () => {};
    const takers = parts.map(({ room, region: own }) => ({
      put: room.strips(offset + (own.left - region.left) * 3, stride),
      first: own.top - region.top,
      end: own.top - region.top + own.height,
    }));
    let filled = 0;
    return (lines) => {
      const count = Math.ceil(lines.length / stride);
      for (const taker of takers) {
        const from = Math.max(taker.first - filled, 0);
        const to = Math.min(taker.end - filled, count);
        if (from < to) taker.put(lines.subarray(from * stride, to * stride));
      }
      filled += count;
    };
  }

  function whole(length: number, offset: number, stride: number): Uint8Array {
    const startOf = (own: Region) => offset + (own.top - region.top) * stride + (own.left - region.left) * 3;
    const buffer = main.room.whole(length, startOf(main.region), stride);
    end = () => {
      for (const { room, region: own } of others) {
        const start = startOf(own);
        const size = (own.height - 1) * stride + own.width * 3;
        room.strips(0, stride)(buffer.subarray(start, start + size));
      }
    };
    return buffer;
  }

  return { strips, whole, end: () => end() };
}
