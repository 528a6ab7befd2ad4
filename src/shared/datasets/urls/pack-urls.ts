/** The URL list of a request, packed in the form that it has on disk. */
import { createBytePieces } from '../lines/byte-pieces.ts';
import type { Packer } from '../packer.ts';

export interface PackedUrls {
  /** Rows. */
  readonly count: number;
  /** One JSON string per line, in pieces. */
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
}

export function createUrlPacker(): Packer<string, PackedUrls> {
  const lines = createBytePieces();
  let count = 0;
  return {
    add(url) {
      lines.addText(`${JSON.stringify(url)}\n`);
      count += 1;
    },
    end: () => ({ count, lines: lines.end() }),
  };
}
