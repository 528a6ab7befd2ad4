// Zstd files for tests, because Node.js 20 cannot write them.

/** As `zstd -19 --check` writes it: 8000 lines, whose ids repeat after 7. 141 bytes for 456000. */
export const ZSTD_ROWS = Buffer.from(
  'KLUv/aRA9QYA1AIAUsQOEpDPAezCgDP5717IftiEWbOcnQidY0wphIwB7iVlMjD4XGDuxfcXfPOsChMeqV/Pok/PF2E++P5qtwEOoDB6/z8D0JvVbv6S+TcoDo2D8WA8GGl0cmOnVAAAAAEA/f87/7kGAkQAAAABAP3/OQACRQAAAAEAPXUdAAGOOjxv',
  'base64',
);

/** What is in ZSTD_ROWS. */
export function zstdRows(): string {
  return Array.from(
    { length: 8000 },
    (_, i) => `{"id":"row ${i % 7}","x":${i % 7},"y":[1,2,3],"word":"some more text"}\n`,
  ).join('');
}

const BLOCK_BYTES = 128 * 1024;
/** Magic number, no checksum. */
const START = [0x28, 0xb5, 0x2f, 0xfd, 0];

/** A frame that holds the bytes as they are. `windowLog`: 10 to 41. */
export function storedZstd(bytes: Uint8Array, windowLog = 17): Buffer {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_BYTES) {
    const part = bytes.subarray(at, at + BLOCK_BYTES);
    blocks.push(blockHeader(at + BLOCK_BYTES >= bytes.length, 0, part.length), part);
  }
  return Buffer.concat([header(windowLog), ...blocks]);
}

/** A frame of `blocks` x 128 KB spaces. Each block takes 4 bytes. */
export function zstdBomb(blocks: number): Buffer {
  const all = Array.from({ length: blocks }, (_, i) =>
    Buffer.concat([blockHeader(i === blocks - 1, 1, BLOCK_BYTES), Buffer.from(' ')]),
  );
  return Buffer.concat([header(17), ...all]);
}

function header(windowLog: number): Buffer {
  return Buffer.from([...START, (windowLog - 10) << 3]);
}

function blockHeader(isLast: boolean, type: number, size: number): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return header;
}
