/** The inline rows of a request, packed in the form that they have on disk. */
import { createBytePieces } from '../lines/byte-pieces.ts';
import type { Packer } from '../packer.ts';
import { invalidAt } from '../row-reference.ts';
import { blobAt } from './blob-range.ts';

export interface PackedInline {
  /** Rows. */
  readonly count: number;
  /** One JSON object `{"id","at"}` per line, in pieces. `at` is a range of the blob. */
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  /** The bytes of all rows, in pieces. */
  readonly blob: readonly Uint8Array<ArrayBuffer>[];
}

export interface InlineRow {
  readonly id: string;
  /** Base64 of the standard or the URL-safe alphabet. Padding and white space are optional. */
  readonly data: string;
}

/** Bad base64 fails only its row. */
export function createInlinePacker(): Packer<InlineRow, PackedInline> {
  const lines = createBytePieces();
  const blob = createBytePieces();
  let count = 0;
  let offset = 0;
  return {
    add({ id, data }) {
      const decoded = decodeBase64(data);
      const at = decoded === null ? invalidAt('"data" is not valid base64') : blobAt(offset, decoded.length);
      lines.addText(`${JSON.stringify({ id, at })}\n`);
      count += 1;
      if (decoded === null) return;
      blob.add(decoded);
      offset += decoded.length;
    },
    end: () => ({ count, lines: lines.end(), blob: blob.end() }),
  };
}

/** Null if Node's lenient decoder would silently drop characters. */
function decodeBase64(data: string): Buffer | null {
  const compact = /\s/.test(data) ? data.replace(/\s+/g, '') : data;
  const padding = compact.endsWith('==') ? 2 : compact.endsWith('=') ? 1 : 0;
  const digits = padding === 0 ? compact : compact.slice(0, -padding);
  if (!/^[A-Za-z0-9+/_-]*$/.test(digits) || digits.length % 4 === 1) return null;
  if (padding > 0 && compact.length % 4 !== 0) return null;
  return Buffer.from(digits, 'base64');
}
