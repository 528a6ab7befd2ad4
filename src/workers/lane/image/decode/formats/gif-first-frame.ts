/**
 * Extracts the first frame of a GIF as Pillow's `convert("RGB")` shows it. Transparent pixels keep their palette
 * colour. The canvas around the frame has the transparent colour, or else the first colour of the table.
 */
import type { Region } from '../../resample/pillow-resampler.ts';

export type Colour = readonly [red: number, green: number, blue: number];

export interface FirstFrame {
  /** A GIF of only this frame, without transparency. */
  readonly bytes: Uint8Array;
  readonly frame: Region;
  readonly colourAround: Colour;
}

const TABLE_FLAG = 0x80;
const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const END = 0x3b;

/** Null if the file is damaged before the pixels. Then the decoder reports why. */
export function firstFrame(gif: Uint8Array): FirstFrame | null {
  const bytes = Buffer.from(gif);
  if (bytes.length < 13) return null;
  const shared = colourTable(bytes, 10, 13);
  let transparent: number | null = null;
  let at = shared.end;
  while (bytes[at] === EXTENSION) {
    const body = at + 2;
    if (bytes[at + 1] === GRAPHIC_CONTROL && bytes[body]! >= 4 && (bytes[body + 1]! & 1) === 1) {
      transparent = bytes[body + 4] ?? null;
      bytes[body + 1]! &= ~1;
    }
    at = endOfBlocks(bytes, body);
  }
  if (bytes[at] !== IMAGE || at + 10 > bytes.length) return null;
  const own = colourTable(bytes, at + 9, at + 10);
  const end = endOfBlocks(bytes, own.end + 1);
  const frame = {
    left: bytes.readUInt16LE(at + 1),
    top: bytes.readUInt16LE(at + 3),
    width: bytes.readUInt16LE(at + 5),
    height: bytes.readUInt16LE(at + 7),
  };
  const table = own.length > 0 ? own : shared;
  const colourAround = colourOf(bytes, table, transparent ?? 0);
  if (end >= bytes.length) return { bytes, frame, colourAround };
  bytes[end] = END;
  return { bytes: bytes.subarray(0, end + 1), frame, colourAround };
}

/** Whether the frame covers the whole canvas. */
export function isWhole({ bytes, frame }: FirstFrame): boolean {
  const { left, top, width, height } = frame;
  const canvas = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return left === 0 && top === 0 && width >= canvas.readUInt16LE(6) && height >= canvas.readUInt16LE(8);
}

/** Colours the pixels outside the frame. `pixels`: packed RGB of that region of the canvas. */
export function colourAround(
  pixels: Uint8Array,
  region: Region,
  { frame, colourAround: colour }: FirstFrame,
): void {
  for (let y = 0, at = 0; y < region.height; y++) {
    const isBeside = !within(region.top + y, frame.top, frame.height);
    for (let x = 0; x < region.width; x++, at += 3) {
      if (isBeside || !within(region.left + x, frame.left, frame.width)) pixels.set(colour, at);
    }
  }
}

function within(position: number, start: number, length: number): boolean {
  return position >= start && position < start + length;
}

interface Table {
  readonly start: number;
  /** Number of colours. 0 if there is no table. */
  readonly length: number;
  readonly end: number;
}

function colourTable(bytes: Buffer, flagsAt: number, start: number): Table {
  const flags = bytes[flagsAt]!;
  const length = (flags & TABLE_FLAG) === 0 ? 0 : 2 << (flags & 7);
  return { start, length, end: start + length * 3 };
}

/** As in Pillow, indices beyond the table are greys. */
function colourOf(bytes: Buffer, { start, length }: Table, index: number): Colour {
  if (index >= length) return [index, index, index];
  const [red = 0, green = 0, blue = 0] = bytes.subarray(start + index * 3, start + index * 3 + 3);
  return [red, green, blue];
}

/** The position after the empty block that ends a list of blocks. The end of the file if that block is missing. */
function endOfBlocks(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = bytes[at]!;
    at += length + 1;
    if (length === 0) return at;
  }
  return bytes.length;
}
