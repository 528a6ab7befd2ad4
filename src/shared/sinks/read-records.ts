/** Reads a file in pieces that end where a record ends. */
import type { ByteFile } from '../datasets/bytes/byte-file.ts';
import { MalformedPart } from './sink.ts';

const PIECE_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

/**
 * `quoted`: line breaks between quotes do not end a record. Rejects with MalformedPart if the last record does not end.
 */
export async function* readRecords(
  file: ByteFile,
  { quoted }: { quoted: boolean },
): AsyncGenerator<Buffer, void, undefined> {
  const { signal } = new AbortController();
  let kept: Buffer = Buffer.alloc(0);
  let isQuoted = false;
  for (let at = 0; at < file.size;) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, file.size - at));
    const read = await file.read(piece, at, signal);
    if (read < piece.length) throw new MalformedPart('it became shorter');
    at += read;
    let end = -1;
    if (quoted) {
      for (let i = 0; i < piece.length; i++) {
        if (piece[i] === QUOTE) isQuoted = !isQuoted;
        else if (piece[i] === NEWLINE && !isQuoted) end = i;
      }
    } else {
      end = piece.lastIndexOf(NEWLINE);
    }
    if (end < 0) {
      kept = Buffer.concat([kept, piece]);
      continue;
    }
    yield Buffer.concat([kept, piece.subarray(0, end + 1)]);
    kept = piece.subarray(end + 1);
  }
  if (kept.length > 0) throw new MalformedPart('it ends within a record');
}
