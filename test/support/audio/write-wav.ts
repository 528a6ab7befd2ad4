// Writes WAV files for tests.

/** Each function encodes one sample, a number from -1 to 1. */
const WRITERS = {
  u8: (value) => Buffer.of(Math.round(value * 127) + 128),
  s16: (value) => whole(value, 2),
  s24: (value) => whole(value, 3),
  s32: (value) => whole(value, 4),
  f32: (value) => Buffer.from(Float32Array.of(value).buffer),
  f64: (value) => Buffer.from(Float64Array.of(value).buffer),
} as const satisfies Record<string, (value: number) => Buffer>;

export type WavFormat = keyof typeof WRITERS;
export const WAV_FORMATS = Object.keys(WRITERS) as readonly WavFormat[];

export interface WavOptions {
  readonly rate?: number;
  readonly format?: WavFormat;
  readonly isExtensible?: boolean;
  /** Overrides the format tag that fits `format`. */
  readonly tag?: number;
  /** Overrides the size that the data chunk states. */
  readonly dataSize?: number;
  /** More chunks, written before the samples. */
  readonly extra?: Buffer;
}

/** `channels` holds the samples of each channel, from -1 to 1. */
export function writeWav(channels: readonly ArrayLike<number>[], options: WavOptions = {}): Buffer {
  const { rate = 16_000, format = 's16', isExtensible = false, extra = Buffer.alloc(0) } = options;
  const write = WRITERS[format];
  const bytes = write(0).length;
  const samples = Array.from({ length: channels[0]!.length }, (_, i) =>
    channels.map((channel) => write(channel[i]!)),
  );
  const data = Buffer.concat(samples.flat());
  const tag = options.tag ?? (format.startsWith('f') ? 3 : 1);
  const fmt = Buffer.alloc(isExtensible ? 40 : 16);
  fmt.writeUInt16LE(isExtensible ? 0xfffe : tag, 0);
  fmt.writeUInt16LE(channels.length, 2);
  fmt.writeUInt32LE(rate, 4);
  fmt.writeUInt32LE(rate * bytes * channels.length, 8);
  fmt.writeUInt16LE(bytes * channels.length, 12);
  fmt.writeUInt16LE(bytes * 8, 14);
  if (isExtensible) fmt.writeUInt16LE(tag, 24);
  const body = Buffer.concat([chunk('fmt ', fmt), extra, chunk('data', data, options.dataSize)]);
  const size = options.dataSize === 0 ? 0 : body.length + 4;
  return Buffer.concat([Buffer.from('RIFF'), uint32(size), Buffer.from('WAVE'), body]);
}

export function chunk(id: string, content: Buffer, size = content.length): Buffer {
  const padding = Buffer.alloc(content.length % 2);
  return Buffer.concat([Buffer.from(id), uint32(size), content, padding]);
}

/** A tone of this frequency, in Hz. */
export function tone(samples: number, rate: number, frequency: number, level = 0.5): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, i) => level * Math.sin((2 * Math.PI * frequency * i) / rate),
  );
}

function whole(value: number, bytes: number): Buffer {
  const full = 2 ** (8 * bytes - 1);
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntLE(Math.max(-full, Math.min(full - 1, Math.round(value * full))), 0, bytes);
  return buffer;
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
