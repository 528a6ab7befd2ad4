/**
 * Recognises the image format by the first bytes, and reads the size from simple headers (JPEG, PNG). This is an
 * allow-list: what it does not recognise reaches no decoder.
 */
import { ForebayError } from '../../../../../shared/errors.ts';
import { isHeic } from '../heic/heic-file.ts';
import { refusedFormat } from './refused-format.ts';

export interface ImageHeader {
  readonly format: 'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif' | 'heic';
  /** Null if the header does not state it plainly. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /**
   * 8 bits per sample and no transparency, so colours may be resized as they are. True for every JPEG. False if
   * unknown.
   */
  readonly plain: boolean;
  /** A JPEG that all decoders read alike: 8 bits, Huffman, sequential or progressive, grey or three colours. */
  readonly ordinary: boolean;
  /**
   * A JPEG that is progressive or of a rarer kind, or an interlaced PNG. It is built up in memory as a whole. False if
   * unknown.
   */
  readonly progressive: boolean;
}

/** Throws ForebayError `unsupported_format`, which names the apparent format if it is known. */
export function readImageHeader(image: Uint8Array): ImageHeader {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return jpegHeader(bytes);
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return pngHeader(bytes);
  const format = otherFormat(bytes);
  if (format !== null) return { format, size: null, plain: false, ordinary: false, progressive: false };
  throw new ForebayError(
    'unsupported_format',
    `${refusedFormat(bytes)}. Accepted are JPEG, PNG, WebP, GIF, TIFF, AVIF and HEIC`,
  );
}

function otherFormat(bytes: Buffer): Exclude<ImageHeader['format'], 'jpeg' | 'png'> | null {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif';
  if (head.startsWith('RIFF') && head.slice(8) === 'WEBP') return 'webp';
  if (['II*\0', 'II+\0', 'MM\0*', 'MM\0+'].includes(head.slice(0, 4))) return 'tiff';
  if (isHeic(bytes)) return 'heic';
  // mif1 and msf1 are generic brands.
  return /^ftyp(avi[fs]|mif1|msf1)/.test(head.slice(4)) ? 'avif' : null;
}

/** Walks along the markers to the frame header. */
function jpegHeader(bytes: Buffer): ImageHeader {
  const unknown: ImageHeader = {
    format: 'jpeg',
    size: null,
    plain: true,
    ordinary: false,
    progressive: false,
  };
  let at = 2;
  while (at + 10 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
      if (size.width === 0 || size.height === 0) return unknown;
      return {
        format: 'jpeg',
        size,
        plain: true,
        ordinary: isOrdinary(bytes, at),
        progressive: marker >= 0xc2,
      };
    }
    if (marker === 0xda || marker === 0xd9) break;
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return unknown;
}

/**
 * `at`: position of the frame header. Accepts SOF0 to SOF2. Refuses files with so many scans that they only waste
 * time.
 */
function isOrdinary(bytes: Buffer, at: number): boolean {
  const process = bytes[at + 1]!;
  if (process > 0xc2 || bytes[at + 4] !== 8 || ![1, 3].includes(bytes[at + 9]!)) return false;
  if (process !== 0xc2) return true;
  let scans = 0;
  for (let sos = bytes.indexOf(SCAN, at); sos >= 0 && scans <= MAX_SCANS; scans++) {
    sos = bytes.indexOf(SCAN, sos + 2);
  }
  return scans <= MAX_SCANS;
}

const SCAN = Buffer.of(0xff, 0xda);
/** Encoders write about ten scans. */
const MAX_SCANS = 100;

function pngHeader(bytes: Buffer): ImageHeader {
  const unknown: ImageHeader = {
    format: 'png',
    size: null,
    plain: false,
    ordinary: false,
    progressive: false,
  };
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return unknown;
  const size = { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (size.width === 0 || size.height === 0) return unknown;
  const depth = bytes[24]!;
  const hasAlphaChannel = (bytes[25]! & 4) !== 0;
  const plain = depth <= 8 && !hasAlphaChannel && !hasTransparency(bytes);
  return { format: 'png', size, plain, ordinary: false, progressive: bytes[28] === 1 };
}

/** Whether there is a `tRNS` chunk before the pixels. True if the chunks cannot be followed. */
function hasTransparency(bytes: Buffer): boolean {
  let at = 33;
  while (at + 8 <= bytes.length) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') return false;
    if (type === 'tRNS') return true;
    at += 12 + bytes.readUInt32BE(at);
  }
  return true;
}

function startsWith(bytes: Buffer, ...magic: number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
