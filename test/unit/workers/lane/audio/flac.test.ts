import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeAudio } from '#forebay/workers/lane/audio/decode-audio.js';
import { problemOf } from '../../../../support/audio/problem.ts';

const FILES = join(import.meta.dirname, '../../../../support/audio');
const read = (name: string) => readFileSync(join(FILES, `${name}.flac`));

/** Sample `i` of a channel, as in make_flac.py. */
type Formula = (i: number, channel: number, full: number) => number;

const product = (i: number) => Number((BigInt(i) * 1_103_515_245n) % 65_536n);

const sample: Formula = (i, channel, full) => {
  const noise = ((product(i) + channel * 12_345) % 65_536) / 65_536 - 0.5;
  return roundHalfEven(
    (0.4 * Math.sin((2 * Math.PI * (220 + 20 * channel) * i) / 16_000) + 0.01 * noise) * full,
  );
};

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

describe('FLAC of libsndfile is decoded exactly, as the mean of its channels', () => {
  it.each<[name: string, rate: number, channels: number, bits: number, formula: Formula]>([
    ['mono-16', 16_000, 1, 16, sample],
    ['stereo-16', 44_100, 2, 16, sample],
    ['stereo-24', 48_000, 2, 24, sample],
    ['mono-8', 8000, 1, 8, sample],
    ['six-16', 16_000, 6, 16, sample],
    ['silence-16', 16_000, 2, 16, () => 0],
    ['same-16', 16_000, 2, 16, (i, _, full) => 16 * sample(i, 0, full / 16)],
    ['noise-16', 16_000, 1, 16, (i) => ((product(i) + 12_345) % 65_536) - 32_768],
  ])('%s', (name, rate, channels, bits, formula) => {
    const full = 2 ** (bits - 1);
    const expected = Float32Array.from({ length: 10_000 }, (_, i) => {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += formula(i, channel, full);
      return sum / channels / full;
    });
    const found = decodeAudio(read(name), 600);
    expect(found.rate).toBe(rate);
    expect(found.samples).toEqual(expected);
  });
});

/** The offset of the first frame, which follows the metadata. */
function framesAt(bytes: Buffer): number {
  let at = 4;
  for (;;) {
    const isLast = (bytes[at]! & 128) !== 0;
    at += 4 + bytes.readUIntBE(at + 1, 3);
    if (isLast) return at;
  }
}

describe('a damaged file is an error, never another waveform', () => {
  const good = read('stereo-16');
  const start = framesAt(good);

  it('with any byte of its frames changed', () => {
    for (let at = start; at < good.length; at += 97) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << (at % 8);
      const { code, message } = problemOf(() => decodeAudio(bytes, 600));
      expect([at, code]).toEqual([at, 'decode_failed']);
      expect(message).toMatch(/^the FLAC file is broken: /);
    }
  });

  it('cut off anywhere', () => {
    for (let length = 4; length < good.length; length += 211) {
      const { code } = problemOf(() => decodeAudio(good.subarray(0, length), 600));
      expect([length, code]).toEqual([length, 'decode_failed']);
    }
  });

  const expected = decodeAudio(good, 600);
  const sameWaveform = (bytes: Buffer): boolean => {
    const { rate, samples } = decodeAudio(bytes, 600);
    return rate === expected.rate && Buffer.from(samples.buffer).equals(Buffer.from(expected.samples.buffer));
  };

  /** Bytes of the header without a part in decoding: limits of block and frame sizes, the MD5 sum, and the comments. */
  const isSkipped = (at: number) => (at >= 8 && at < 18) || (at >= 26 && at < 42) || at >= 46;
  /** Rate, channels, bits, and number of samples. */
  const isNeeded = (at: number) => at >= 18 && at < 26;

  it('with a changed byte of its header, unless the waveform stays the same', () => {
    for (let at = 4; at < start; at++) {
      for (const change of [0xff, 1, 2, 4, 8, 16, 32, 64, 128]) {
        const bytes = Buffer.from(good);
        bytes[at]! ^= change;
        let isSame: boolean | null = null;
        const { code } = problemOf(() => (isSame = sameWaveform(bytes)));
        const refused = ['decode_failed', 'unsupported_format', 'invalid_row'].includes(code);
        const where = `byte ${at} ^ ${change}: ${code}`;
        if (isSkipped(at)) expect(isSame, where).toBe(true);
        else if (isNeeded(at)) expect(refused, where).toBe(true);
        else expect(refused || isSame, where).toBe(true);
      }
    }
  });

  it('with fewer samples in its header than in its frames', () => {
    // The second number ends with a frame.
    for (const total of [4095, 4096]) {
      const bytes = Buffer.from(good);
      bytes.writeUInt32BE(total, 22);
      expect(problemOf(() => decodeAudio(bytes, 600))).toEqual({
        code: 'decode_failed',
        message: `the FLAC file is broken: after 4096 samples, more samples follow, but its header says that it has ${total}`,
      });
    }
  });

  it('but tags may follow its last frame', () => {
    expect(sameWaveform(Buffer.concat([good, Buffer.from('TAG'), Buffer.alloc(125)]))).toBe(true);
  });
});

it('reads a file that does not state its length, and a file behind an ID3 tag', () => {
  const bytes = read('mono-16');
  const expected = decodeAudio(bytes, 600);
  const unknown = Buffer.from(bytes);
  // The number of samples takes the 36 bits before the checksum. 0 means unknown.
  unknown[21]! &= 0xf0;
  unknown.fill(0, 22, 26);
  expect(decodeAudio(unknown, 600)).toEqual(expected);
  const tag = Buffer.from('ID3\x04\0\0\0\0\x01\x00');
  expect(decodeAudio(Buffer.concat([tag, Buffer.alloc(128), bytes]), 600)).toEqual(expected);
});

it('refuses a file that is longer than the model allows, by its header or while it is decoded', () => {
  const bytes = read('mono-16');
  const byHeader = problemOf(() => decodeAudio(bytes, 0.5));
  expect(byHeader).toMatchObject({
    code: 'invalid_row',
    message: expect.stringContaining('the limit is 0.5 s') as string,
  });
  const unknown = Buffer.from(bytes);
  unknown[21]! &= 0xf0;
  unknown.fill(0, 22, 26);
  expect(problemOf(() => decodeAudio(unknown, 0.5)).code).toBe('invalid_row');
});
