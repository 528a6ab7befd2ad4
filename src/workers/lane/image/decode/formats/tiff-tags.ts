/** Reads the first directory of a TIFF or BigTIFF: the numbers that describe how its pixels are stored. */

export interface TiffTags {
  /** The tag's numbers or its default. Undefined if there is neither. */
  numbers(tag: TiffTag): readonly number[] | undefined;
  number(tag: TiffTag): number | undefined;
}

export const TAGS = {
  width: 256,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  samplesPerPixel: 277,
  tileHeight: 323,
  chromaSubsampling: 530,
} as const;

export type TiffTag = keyof typeof TAGS;

const DEFAULTS: Partial<Record<TiffTag, readonly number[]>> = {
  bitsPerSample: [1],
  compression: [1],
  samplesPerPixel: [1],
  chromaSubsampling: [2, 2],
};

/** Bytes of a number, by type: SHORT, LONG, LONG8. The tags above have no other type. */
const NUMBER_BYTES: Readonly<Record<number, 2 | 4 | 8>> = { 3: 2, 4: 4, 16: 8 };
const MAX_NUMBERS = 16;

/** Stops at the first tag that lies outside the file. The remaining tags count as absent. */
export function readTiffTags(tiff: Uint8Array): TiffTags {
  const found = readDirectory(Buffer.from(tiff.buffer, tiff.byteOffset, tiff.byteLength));
  const numbers = (tag: TiffTag) => found.get(TAGS[tag]) ?? DEFAULTS[tag];
  return { numbers, number: (tag) => numbers(tag)?.[0] };
}

function readDirectory(bytes: Buffer): Map<number, readonly number[]> {
  const found = new Map<number, readonly number[]>();
  const little = bytes[0] === 0x49;
  const read = (at: number, size: 2 | 4 | 8): number => {
    if (at + size > bytes.length) throw new RangeError('beyond the end');
    if (size === 8) return Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  };
  try {
    const big = read(2, 2) === 43;
    const [offset, head, entry] = big ? ([8, 8, 20] as const) : ([4, 2, 12] as const);
    const start = read(big ? 8 : 4, offset);
    const count = read(start, head);
    for (let i = 0; i < count; i++) {
      const at = start + head + i * entry;
      const size = NUMBER_BYTES[read(at + 2, 2)];
      const length = Math.min(MAX_NUMBERS, read(at + 4, offset));
      if (size === undefined) continue;
      const valuesAt = at + 4 + offset;
      const from = length * size <= offset ? valuesAt : read(valuesAt, offset);
      found.set(
        read(at, 2),
        Array.from({ length }, (_, k) => read(from + k * size, size)),
      );
    }
  } catch (error) {
    // Keeps the tags read so far. The decoder decides whether the file is damaged.
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}
