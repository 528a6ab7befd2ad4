/**
 * Decoded images of rows that several models get. If two models decode in the same way, the second one takes the pixels
 * of the first. They are kept as 8-bit pixels, as long as somebody holds the row.
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
        shelf: createShelf(() => made.users > 1),
        users: 1,
      };
      shelves.set(key, made);
      return made.shelf;
    },
  };
}

/** `isShared`: whether more than one model uses it. */
function createShelf(isShared: () => boolean): ImageShelf {
  const images = new WeakMap<EncodedRow, { readonly pixels: Uint8Array; readonly geometry: Geometry }>();
  return {
    give(row, put) {
      const found = images.get(row);
      if (found === undefined) return false;
      put({ pixels: () => found.pixels }, found.geometry);
      return true;
    },
    keep(row, window, geometry) {
      if (isShared()) images.set(row, { pixels: window.pixels(), geometry });
    },
  };
}

/** Everything that the pixels depend on. The order of channels belongs to the tensor. */
function keyOf(config: DecodeConfig): string {
  const { resize, crop, channels, pad, align, interpolation, icc, auto_orient, decode } = config;
  return JSON.stringify([resize, crop, channels, pad, align, interpolation, icc, auto_orient, decode]);
}
