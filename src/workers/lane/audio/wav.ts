/** Decodes WAV files: RIFF and RF64, PCM of 8 to 32 bits and floats, any number of channels. */
import { ForebayError } from '../../../shared/errors.ts';
import { checkFinite, checkLength, type Waveform } from './waveform.ts';
import { counted } from '../../../shared/text/counted.ts';

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  /** Size of one sample of one channel. */
  readonly bytes: number;
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** Formats that only the error message names. */
const OTHER_TAGS: Readonly<Record<number, string>> = {
  2: 'ADPCM',
  6: 'A-law',
  7: 'mu-law',
  17: 'ADPCM',
  85: 'MP3',
};
/** A program that cannot seek back to the header, as in a pipe, writes 0 or a size of at least this. */
const UNKNOWN_SIZE = 0x7fff_0000;

/** `bytes`: begin with RIFF or RF64. Throws ForebayError `unsupported_format`, `decode_failed` or `invalid_row`. */
export function decodeWav(bytes: Uint8Array, maxSeconds: number): Waveform {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isUnknown = (size: number) => size >= UNKNOWN_SIZE || size === 0;
  let format: Format | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = String.fromCharCode(...bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    const rest = bytes.length - at - 8;
    if (id === 'data') {
      if (format === null) throw broken('its data comes before its format');
      const isWhole = size >= UNKNOWN_SIZE || (size === 0 && isUnknown(view.getUint32(4, true)));
      if (!isWhole && size > rest) {
        throw broken(`its header promises ${size} bytes of samples, and ${rest} are there: copy it again`);
      }
      return readData(
        new DataView(view.buffer, view.byteOffset + at + 8, isWhole ? rest : size),
        format,
        maxSeconds,
      );
    }
    if (id === 'fmt ') format = readFormat(view, at + 8, Math.min(size, rest));
    at += 8 + size + (size % 2);
  }
  throw broken('it has no samples: its data chunk is missing');
}

function readFormat(view: DataView, at: number, size: number): Format {
  if (size < 16) throw broken('its format is cut off');
  const tag = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const bytes = view.getUint16(at + 12, true) / channels;
  if (channels === 0 || !Number.isInteger(bytes)) {
    throw broken(
      `its format says ${view.getUint16(at + 12, true)} bytes for ${counted(channels, 'channel')}`,
    );
  }
  const rate = view.getUint32(at + 4, true);
  const isExtensible = tag === EXTENSIBLE && size >= 26;
  return { tag: isExtensible ? view.getUint16(at + 24, true) : tag, channels, rate, bytes };
}

type Read = (view: DataView, at: number) => number;

const READERS: Readonly<Record<number, Readonly<Record<number, Read>>>> = {
  [PCM]: {
    1: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
    2: (view, at) => view.getInt16(at, true) / 2 ** 15,
    3: (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23,
    4: (view, at) => view.getInt32(at, true) / 2 ** 31,
  },
  [FLOAT]: {
    4: (view, at) => view.getFloat32(at, true),
    8: (view, at) => view.getFloat64(at, true),
  },
};

function readData(view: DataView, { tag, channels, rate, bytes }: Format, maxSeconds: number): Waveform {
  const read = READERS[tag]?.[bytes];
  if (read === undefined) {
    const kind =
      tag === PCM || tag === FLOAT ? `${bytes * 8} bits per sample` : (OTHER_TAGS[tag] ?? `format ${tag}`);
    throw new ForebayError(
      'unsupported_format',
      `the WAV file holds ${kind}: convert it to PCM of 8, 16, 24 or 32 bits, or to floats`,
    );
  }
  const block = channels * bytes;
  // An incomplete last block is ignored, as in other readers.
  const length = Math.floor(view.byteLength / block);
  checkLength(length, rate, maxSeconds);
  const samples = new Float32Array(length);
  if (tag === PCM && bytes === 2 && channels === 1) return { samples: fromInt16(view, samples), rate };
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let at = i * block; at < (i + 1) * block; at += bytes) sum += read(view, at);
    samples[i] = sum / channels;
  }
  if (tag === FLOAT) checkFinite(samples);
  return { samples, rate };
}

/** One channel of 16 bits, the most common kind. A call per sample would take ten times as long. */
function fromInt16(view: DataView, samples: Float32Array): Float32Array {
  const bytes = samples.length * Int16Array.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = view;
  // Typed arrays need an even address. Samples begin at an odd one after a chunk of odd length that was not padded, or if
  // the file lies at an odd address in a larger buffer.
  const whole =
    byteOffset % 2 === 0
      ? new Int16Array(buffer, byteOffset, samples.length)
      : new Int16Array(buffer.slice(byteOffset, byteOffset + bytes));
  for (let i = 0; i < whole.length; i++) samples[i] = whole[i]! / 2 ** 15;
  return samples;
}

function broken(why: string): ForebayError {
  return new ForebayError('decode_failed', `the WAV file is broken: ${why}`);
}
