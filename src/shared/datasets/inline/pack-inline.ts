/** The inline rows of a request, packed in the form that they have on disk. */
import { createBytePieces } from '../lines/byte-pieces.ts';
import type { Packer } from '../packer.ts';
import { invalidAt } from '../row-reference.ts';
import { blobAt } from './blob-range.ts';

export interface PackedInline {
  /** Rows. */
  readonly count: number;
  /** How many of them are records. */
  readonly records: number;
  /** One JSON object `{"id","at"}` per line, in pieces. `at` is a range of the blob, or says why the row is invalid. */
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  /** The bytes of all rows, in pieces. */
  readonly blob: readonly Uint8Array<ArrayBuffer>[];
}

/** With `data`, a row is the bytes of a file. Without `data`, it is a record, whose other fields feed the model. */
export interface InlineRow {
  readonly id?: string | undefined;
  /** Base64 of the standard or the URL-safe alphabet. Padding and white space are optional. */
  readonly data?: string | undefined;
  readonly [field: string]: unknown;
}

/** Bad base64 fails only its row. */
export function createInlinePacker(): Packer<InlineRow, PackedInline> {
  const lines = createBytePieces();
  const blob = createBytePieces();
  let count = 0;
  let records = 0;
  let offset = 0;
  return {
    add(row) {
      const { id = String(count), data } = row;
      const bytes = data === undefined ? Buffer.from(JSON.stringify(row)) : decodeBase64(data);
      const at =
        bytes === null
          ? invalidAt('"data" is not valid base64')
          : blobAt(offset, bytes.length, data === undefined ? 'record' : 'bytes');
      lines.addText(`${JSON.stringify({ id, at })}\n`);
      count += 1;
      if (data === undefined) records += 1;
      if (bytes === null) return;
      blob.add(bytes);
      offset += bytes.length;
    },
    end: () => ({ count, records, lines: lines.end(), blob: blob.end() }),
  };
}

/** Returns null if Node's lenient decoder would silently drop characters. */
function decodeBase64(data: string): Buffer | null {
  const compact = /\s/.test(data) ? data.replace(/\s+/g, '') : data;
  const padding = compact.endsWith('==') ? 2 : compact.endsWith('=') ? 1 : 0;
  const digits = padding === 0 ? compact : compact.slice(0, -padding);
  if (!/^[A-Za-z0-9+/_-]*$/.test(digits) || digits.length % 4 === 1) return null;
  if (padding > 0 && compact.length % 4 !== 0) return null;
  return Buffer.from(digits, 'base64');
}
