import { describe, expect, it } from 'vitest';
import { decodeAudio } from '#forebay/workers/lane/audio/decode-audio.js';
import { chunk, tone, WAV_FORMATS, writeWav } from '../../../../support/audio/write-wav.ts';
import { problemOf } from '../../../../support/audio/problem.ts';

const PRECISION = { u8: 2 ** -6, s16: 2 ** -15, s24: 2 ** -23, s32: 2 ** -24, f32: 0, f64: 2 ** -25 };
const left = tone(1000, 16_000, 440);
const right = tone(1000, 16_000, 100, 0.2);

describe.each(WAV_FORMATS)('WAV of format %s', (format) => {
  it('becomes the mean of its channels', () => {
    const channelsOfFiles = [[left], [left, right], [left, right, left]];
    for (const channels of channelsOfFiles) {
      for (const isExtensible of [false, true]) {
        const bytes = writeWav(channels, { format, isExtensible, rate: 44_100 });
        const { samples, rate } = decodeAudio(bytes, 600);
        expect(rate).toBe(44_100);
        expect(samples.length).toBe(1000);
        const meanAt = (i: number) => channels.reduce((sum, one) => sum + one[i]!, 0) / channels.length;
        const off = samples.map((sample, i) => Math.abs(sample - meanAt(i)));
        expect(Math.max(...off)).toBeLessThanOrEqual(PRECISION[format] + 2 ** -24);
      }
    }
  });
});

it('skips other chunks, even of odd length, and reads a file that begins in the middle of a buffer', () => {
  const bytes = writeWav([left], { extra: chunk('LIST', Buffer.from('odd')) });
  const inside = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  expect(decodeAudio(inside, 600)).toEqual(decodeAudio(writeWav([left]), 600));
});

it.each([0, 0xffff_ffff, 0x7fff_ffff])(
  'reads to the end if the size is %i, as in a piped file',
  (dataSize) => {
    expect(decodeAudio(writeWav([left], { dataSize }), 600).samples.length).toBe(1000);
  },
);

describe('an error of the row', () => {
  it.each([
    [
      'cut off',
      writeWav([left]).subarray(0, 1500),
      'decode_failed',
      'promises 2000 bytes of samples, and 1456 are there',
    ],
    ['without samples', writeWav([[]]), 'invalid_row', 'has no samples'],
    ['A-law', writeWav([left], { tag: 6 }), 'unsupported_format', 'holds A-law'],
    ['an odd width', writeWav([left], { format: 's24', tag: 3 }), 'unsupported_format', '24 bits per sample'],
    ['NaN', writeWav([[0, Number.NaN]], { format: 'f32' }), 'decode_failed', 'sample 1 is NaN'],
    ['a wild rate', writeWav([left], { rate: 7 }), 'unsupported_format', 'the sample rate is 7 Hz'],
    ['only a header', writeWav([left]).subarray(0, 12), 'decode_failed', 'its data chunk is missing'],
    [
      'too long',
      writeWav([tone(20_000, 16_000, 1)], { rate: 2000 }),
      'invalid_row',
      'the waveform has 10.0 s or more; the limit is 9.0 s',
    ],
    ['an MP3', Buffer.from('ID3\x04\0\0\0\0\0\0'), 'unsupported_format', 'the file is MP3'],
    ['text', Buffer.from('hello'), 'unsupported_format', 'neither WAV nor FLAC'],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1'),
      'unsupported_format',
      'git lfs pull',
    ],
  ])('%s', (_what, bytes, code, message) => {
    const found = problemOf(() => decodeAudio(bytes, 9));
    expect(found.code).toBe(code);
    expect(found.message).toContain(message);
  });

  it('is never another exception, whatever bytes are wrong', () => {
    const good = writeWav([left]);
    for (let at = 0; at < 44; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        problemOf(() => decodeAudio(bytes, 600));
        problemOf(() => decodeAudio(bytes.subarray(0, at), 600));
      }
    }
  });
});
