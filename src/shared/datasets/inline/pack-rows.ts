/**
 * Rows that come with a request, in the form in which they lie on disk: lines, and the bytes behind them. A list of a
 * million rows is two runs of bytes here, not a million objects.
 */
import { blobAt, invalidAt } from '../locate.ts';

export interface PackedUrls {
  /** Rows. */
  readonly count: number;
  /** One JSON string a line, in pieces. */
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
}

export interface PackedInline extends PackedUrls {
  /** `lines` are JSON objects `{"id","at"}` here; `at` is a place in this, which comes in pieces, too. */
  readonly blob: readonly Uint8Array<ArrayBuffer>[];
}

export interface InlineRow {
  readonly id: string;
  /** Base64, standard or URL-safe alphabet, padding and white space optional. */
  readonly data: string;
}

export interface Packer<Row, Packed> {
  add(row: Row): void;
  /** After the last `add`. */
  end(): Packed;
}

export function createUrlPacker(): Packer<string, PackedUrls> {
  const lines = createPieces();
  let count = 0;
  return {
    add(url) {
      lines.addText(`${JSON.stringify(url)}\n`);
      count += 1;
    },
    end: () => ({ count, lines: lines.end() }),
  };
}

/** Bad base64 costs its row. */
export function createInlinePacker(): Packer<InlineRow, PackedInline> {
  const lines = createPieces();
  const blob = createPieces();
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

/** Bytes of the largest piece, but for one that holds a single longer row. */
const PIECE_BYTES = 256 * 1024;
/** Of the first piece: most requests are small. */
const FIRST_BYTES = 4 * 1024;

/** Gathers bytes in pieces that can be handed to another thread. */
function createPieces() {
  const full: Uint8Array<ArrayBuffer>[] = [];
  let piece = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let used = 0;

  function makeRoom(bytes: number): void {
    if (used + bytes <= piece.length) return;
    if (used > 0) full.push(piece.subarray(0, used));
    piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
    used = 0;
  }

  return {
    add(bytes: Uint8Array): void {
      makeRoom(bytes.length);
      piece.set(bytes, used);
      used += bytes.length;
    },
    addText(text: string): void {
      // UTF-8 takes at most 3 bytes for each code unit.
      makeRoom(3 * text.length);
      used += piece.write(text, used);
    },
    end(): Uint8Array<ArrayBuffer>[] {
      if (used > 0) full.push(piece.subarray(0, used));
      used = 0;
      return full;
    },
  };
}

/** Null where Node's lenient decoder would silently drop characters. */
function decodeBase64(data: string): Buffer | null {
  const compact = /\s/.test(data) ? data.replace(/\s+/g, '') : data;
  const padding = compact.endsWith('==') ? 2 : compact.endsWith('=') ? 1 : 0;
  const digits = padding === 0 ? compact : compact.slice(0, -padding);
  if (!/^[A-Za-z0-9+/_-]*$/.test(digits) || digits.length % 4 === 1) return null;
  if (padding > 0 && compact.length % 4 !== 0) return null;
  return Buffer.from(digits, 'base64');
}
