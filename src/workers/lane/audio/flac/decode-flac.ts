/**
 * Decodes FLAC (RFC 9639) to one channel. Every frame's checksum is checked, and the frames are compared with the
 * stream info, so that a damaged file is an error and not another waveform.
 */
import { ForebayError } from '../../../../shared/errors.ts';
import { checkLength, type Waveform } from '../waveform.ts';
import { createBitReader, OutOfBits } from './bit-reader.ts';
import { beginsFrame, readFrame } from './frame.ts';
import { readStreamInfo } from './stream-info.ts';
import { BadFrame } from './subframe.ts';
import { counted } from '../../../../shared/text/counted.ts';

/** Room for samples at first. It grows only when needed, because a small file may claim to hold many. */
const FIRST_ROOM = 2 ** 20;

/** `bytes`: begin with fLaC. Throws ForebayError `decode_failed`, `unsupported_format` or `invalid_row`. */
export function decodeFlac(bytes: Uint8Array, maxSeconds: number): Waveform {
  let decoded = 0;
  try {
    const { info, at } = readStreamInfo(bytes);
    const { rate, total } = info;
    checkLength(total ?? 0, rate, maxSeconds);
    let samples = new Float32Array(Math.min(total ?? FIRST_ROOM, FIRST_ROOM));
    let from = at;
    while (total === null ? from < bytes.length : decoded < total) {
      const frame = readFrame(createBitReader(bytes, from), bytes, info);
      checkLength(decoded + frame.length, rate, maxSeconds);
      if (decoded + frame.length > samples.length) {
        const larger = new Float32Array(Math.max(decoded + frame.length, 2 * samples.length));
        larger.set(samples.subarray(0, decoded));
        samples = larger;
      }
      frame.mix(samples, decoded);
      decoded += frame.length;
      from = frame.end;
    }
    if (total !== null && (decoded > total || beginsFrame(bytes, from))) {
      throw new BadFrame(`more samples follow, but its header says that it has ${total}`);
    }
    return { samples: samples.subarray(0, decoded), rate };
  } catch (error) {
    if (error instanceof OutOfBits) {
      throw broken(`it ends after ${counted(decoded, 'sample')}, in the middle of a frame: copy it again`);
    }
    throw error instanceof BadFrame ? broken(`after ${counted(decoded, 'sample')}, ${error.message}`) : error;
  }
}

function broken(why: string): ForebayError {
  return new ForebayError('decode_failed', `the FLAC file is broken: ${why}`);
}
