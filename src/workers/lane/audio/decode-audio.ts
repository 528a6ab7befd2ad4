/** Decodes an audio file to one channel. */
import { ForebayError } from '../../../shared/errors.ts';
import { decodeFlac } from './flac/decode-flac.ts';
import { checkNotEmpty, type Waveform } from './waveform.ts';
import { decodeWav } from './wav.ts';

/** Formats that are not decoded, by how their files begin. The error message names the format. */
const OTHERS: readonly (readonly [start: string, name: string])[] = [
  ['OggS', 'Ogg'],
  ['\xff\xfb', 'MP3'],
  ['\xff\xf3', 'MP3'],
  ['\xff\xf1', 'AAC'],
  ['ID3', 'MP3'],
  ['FORM', 'AIFF'],
  ['RIFX', 'big-endian WAV'],
  ['.snd', 'AU'],
  ['\x1aE\xdf\xa3', 'Matroska'],
];

/** Throws ForebayError `unsupported_format`, `decode_failed` or `invalid_row`. */
export function decodeAudio(bytes: Uint8Array, maxSeconds: number): Waveform {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(32, bytes.length)).toString('latin1');
  const waveform = decodeKnown(bytes, start, maxSeconds);
  checkNotEmpty(waveform.samples);
  return waveform;
}

function decodeKnown(bytes: Uint8Array, start: string, maxSeconds: number): Waveform {
  if (/^(RIFF|RF64)....WAVE/s.test(start)) return decodeWav(bytes, maxSeconds);
  const tag = id3Length(bytes, start);
  const isFlac = Buffer.from(bytes.subarray(tag, tag + 4)).toString('latin1') === 'fLaC';
  if (isFlac) return decodeFlac(bytes.subarray(tag), maxSeconds);
  if (start.startsWith('version https://git-lfs')) {
    throw new ForebayError(
      'unsupported_format',
      'the file is a Git LFS pointer: get the file with git lfs pull',
    );
  }
  const other = OTHERS.find(([begins]) => start.startsWith(begins));
  const is = other === undefined ? 'neither WAV nor FLAC' : other[1];
  throw new ForebayError('unsupported_format', `the file is ${is}: convert it to WAV or FLAC`);
}

/** Length of the ID3 tag that some programs write before FLAC. The tag stores its size as 7 bits per byte. */
function id3Length(bytes: Uint8Array, start: string): number {
  if (!start.startsWith('ID3') || bytes.length < 10) return 0;
  return 10 + bytes.subarray(6, 10).reduce((size, byte) => size * 128 + (byte & 127), 0);
}
