/** Writes a part of a picture as a PNG file, for code that takes files. */
import { crc32, deflateSync } from 'node:zlib';
import type { PicturePart } from './picture.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** 8 bits per channel, RGB, the standard compression and filter methods, not interlaced. */
const FORMAT = [8, 2, 0, 0, 0];
/** The file lives for one call, so speed counts more than size. */
const LEVEL = 1;

export function pngFile(part: PicturePart): Uint8Array {
  const { width, height } = part.size;
  const pixels = new Uint8Array(width * height * 3);
  part.copy({ left: 0, top: 0, width, height }, pixels);
  // Each line has a byte before it that names its filter. 0: none.
  const lines = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', Buffer.concat([head, Buffer.from(FORMAT)])),
    chunk('IDAT', deflateSync(lines, { level: LEVEL })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
