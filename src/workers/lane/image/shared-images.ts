/**
 * Decoded images of rows that several models get. If two models decode in the same way, the second one takes the image
 * of the first. If they resize or crop it in another way, the decoder of the first one makes both windows. A window
 * stays in its kernel until the next image comes. If another model still wants it then, its 8-bit pixels are kept as
 * long as somebody holds the row.
 */
import type { EncodedRow } from '../rows/row-bytes.ts';
import type { DecodeConfig, DecodedWindow } from './decode/decoder.ts';
import type { Geometry } from './decode/geometry.ts';

export interface SharedImages {
  /** The images of all models that decode in this way. */
  shelfOf(config: DecodeConfig): ImageShelf;
}

export interface ImageShelf {
  /** See DecodeConfig. */
  readonly beside: () => readonly DecodeConfig[];
  /** Passes the pixels of a row on. Returns false if nobody has decoded it. */
  give(row: EncodedRow, put: (window: DecodedWindow, geometry: Geometry) => void): boolean;
  /** Keeps the window for the other models, and the windows beside it for theirs. */
  keep(row: EncodedRow, window: DecodedWindow, geometry: Geometry): void;
}

interface GroupShelf extends ImageShelf {
  readonly config: DecodeConfig;
  /** Of all models that use it. */
  users: number;
  /** `wanted`: how many models will take it. */
  put(row: EncodedRow, image: SharedImage, wanted: number): void;
}

export function createSharedImages(): SharedImages {
  /** Shelves by decoded pixels, and then by the window that is made of them. */
  const groups = new Map<string, Map<string, GroupShelf>>();
  return {
    shelfOf(config) {
      const pixels = pixelsKey(config);
      const window = windowKey(config);
      const group = groups.get(pixels) ?? new Map<string, GroupShelf>();
      const shelf = group.get(window) ?? createShelf(config, group);
      shelf.users += 1;
      groups.set(pixels, group.set(window, shelf));
      return shelf;
    },
  };
}

interface SharedImage {
  readonly window: DecodedWindow;
  readonly geometry: Geometry;
}

function createShelf(config: DecodeConfig, group: ReadonlyMap<string, GroupShelf>): GroupShelf {
  const kept = new WeakMap<EncodedRow, SharedImage>();
  /** The image that is still in the kernel. `wanted`: how many models have yet to take it. */
  let latest: (SharedImage & { readonly row: EncodedRow; wanted: number }) | null = null;
  let others: readonly GroupShelf[] = [];
  let configs: readonly DecodeConfig[] = [];

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

  const shelf: GroupShelf = {
    config,
    users: 0,
    beside() {
      if (others.length !== group.size - 1) {
        others = [...group.values()].filter((one) => one !== shelf);
        configs = others.map((one) => one.config);
      }
      return configs;
    },
    give(row, put) {
      const isLatest = latest?.row === row;
      const found = isLatest ? latest! : kept.get(row);
      if (found === undefined) return false;
      if (isLatest) latest!.wanted = Math.max(0, latest!.wanted - 1);
      put(found.window, found.geometry);
      return true;
    },
    keep(row, window, geometry) {
      shelf.put(row, { window, geometry }, shelf.users - 1);
      if (window.beside === undefined) return;
      for (const one of window.beside) {
        const other = others.find((shelf) => shelf.config === one.config)!;
        other.put(row, one, other.users);
      }
    },
    put(row, { window, geometry }, wanted) {
      if (wanted === 0) return;
      if (window.hold === undefined) return keepPixels(row, { window, geometry });
      latest = { row, window, geometry, wanted };
      window.hold(onReplace);
    },
  };
  return shelf;
}

/**
 * Everything that the decoded pixels depend on. JPEGs to be shrunk depend on the window, too. The order of channels belongs
 * to the tensor.
 */
function pixelsKey(config: DecodeConfig): string {
  const { channels, icc, auto_orient, decode } = config;
  return JSON.stringify([channels, icc, auto_orient, decode, decode === 'shrink' && windowKey(config)]);
}

/** Everything else that a window depends on. */
function windowKey({ resize, crop, pad, align, interpolation }: DecodeConfig): string {
  return JSON.stringify([resize, crop, pad, align, interpolation]);
}
