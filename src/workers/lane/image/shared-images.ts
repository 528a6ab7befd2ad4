/**
 * Decoded images of rows that several models get. If two models decode in the same way, the second one takes the image
 * of the first. It stays in the kernel until the next image comes. If another model still wants it then, its 8-bit
 * pixels are kept as long as somebody holds the row.
 */
import type { EncodedRow } from '../rows/row-bytes.ts';
import type { DecodeConfig, DecodedWindow } from './decode/decoder.ts';
import type { Geometry } from './decode/geometry.ts';

export interface SharedImages {
  /** The images of all models that decode in this way. */
  shelfOf(config: DecodeConfig): ImageShelf;
}

export interface ImageShelf {
  /** Passes the pixels of a row on. Returns false if nobody has decoded it. */
  give(row: EncodedRow, put: (window: DecodedWindow, geometry: Geometry) => void): boolean;
  keep(row: EncodedRow, window: DecodedWindow, geometry: Geometry): void;
}

export function createSharedImages(): SharedImages {
  const shelves = new Map<string, { readonly shelf: ImageShelf; users: number }>();
  return {
    shelfOf(config) {
      const key = keyOf(config);
      const known = shelves.get(key);
      if (known !== undefined) {
        known.users += 1;
        return known.shelf;
      }
      const made: { readonly shelf: ImageShelf; users: number } = {
        shelf: createShelf(() => made.users),
        users: 1,
      };
      shelves.set(key, made);
      return made.shelf;
    },
  };
}

interface SharedImage {
  readonly window: DecodedWindow;
  readonly geometry: Geometry;
}

/** `users`: how many models use it. */
function createShelf(users: () => number): ImageShelf {
  const kept = new WeakMap<EncodedRow, SharedImage>();
  /** The image that is in the kernel. `wanted`: how many models have not taken it. */
  let latest: (SharedImage & { readonly row: EncodedRow; wanted: number }) | null = null;

  function keepPixels(row: EncodedRow, { window, geometry }: SharedImage): void {
    const pixels = window.pixels();
    kept.set(row, { window: { pixels: () => pixels }, geometry });
  }

  function onReplace(): void {
    const image = latest!;
    latest = null;
    if (image.wanted === 0) return;
    try {
      keepPixels(image.row, image);
    } catch {
      // Without memory for the pixels, the other models decode the row again.
    }
  }

  return {
    give(row, put) {
      const isLatest = latest?.row === row;
      const found = isLatest ? latest! : kept.get(row);
      if (found === undefined) return false;
      if (isLatest) latest!.wanted = Math.max(0, latest!.wanted - 1);
      put(found.window, found.geometry);
      return true;
    },
    keep(row, window, geometry) {
      const wanted = users() - 1;
      if (wanted === 0) return;
      if (window.hold === undefined) return keepPixels(row, { window, geometry });
      latest = { row, window, geometry, wanted };
      window.hold(onReplace);
    },
  };
}

/** Everything that the pixels depend on. The order of channels belongs to the tensor. */
function keyOf(config: DecodeConfig): string {
  const { resize, crop, channels, pad, align, interpolation, icc, auto_orient, decode } = config;
  return JSON.stringify([resize, crop, channels, pad, align, interpolation, icc, auto_orient, decode]);
}
