/**
 * The images that a detector has decoded, at their full size, for models that get parts of them. Their memory is
 * bounded. Images that do not fit are not kept, and are decoded again.
 */
import type { EncodedRow } from '../rows/row-bytes.ts';
import type { DecodedWindow } from './decode/decoder.ts';
import type { Geometry } from './decode/geometry.ts';
import type { Picture } from './picture.ts';

export interface KeptPictures {
  keep(row: EncodedRow, window: DecodedWindow, geometry: Geometry): void;
}

export interface PictureShelf extends KeptPictures {
  /** Null if it was not kept. */
  of(row: object): Picture | null;
  drop(row: object): void;
}

export function createPictureShelf(limitBytes: number): PictureShelf {
  const kept = new Map<object, Picture>();
  let held = 0;
  return {
    keep(row, window, { source }) {
      const bytes = source.width * source.height * 3;
      if (window.original === undefined || held + bytes > limitBytes || kept.has(row)) return;
      kept.set(row, { ...source, pixels: window.original() });
      held += bytes;
    },
    of: (row) => kept.get(row) ?? null,
    drop(row) {
      const picture = kept.get(row);
      if (picture === undefined) return;
      kept.delete(row);
      held -= picture.pixels.length;
    },
  };
}
