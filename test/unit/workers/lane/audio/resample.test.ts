import { describe, expect, it } from 'vitest';
import { createResampler } from '#forebay/workers/lane/audio/resample.js';
import { problemOf } from '../../../../support/audio/problem.ts';
import { tone } from '../../../../support/audio/write-wav.ts';

const RATES: readonly (readonly [from: number, to: number])[] = [
  [44_100, 16_000],
  [48_000, 16_000],
  [8000, 16_000],
  [22_050, 44_100],
  [16_000, 22_050],
  [11_025, 8000],
];

/** The root mean square without both ends, which hold the edges of a tone. */
function level(samples: Float32Array): number {
  const inner = samples.subarray(Math.floor(samples.length / 5), Math.floor((samples.length * 4) / 5));
  return Math.sqrt(inner.reduce((sum, sample) => sum + sample * sample, 0) / inner.length);
}

const decibels = (ratio: number) => 20 * Math.log10(ratio);

describe.each(RATES)('from %i Hz to %i Hz', (from, to) => {
  const resample = createResampler(to);
  const half = Math.min(from, to) / 2;

  it('tones up to 0.84 of half the lower rate keep their level and their phase', () => {
    for (const part of [0.01, 0.2, 0.5, 0.7, 0.84]) {
      const found = resample(tone(from, from, part * half), from);
      expect(found.length).toBe(to);
      const expected = tone(to, to, part * half);
      expect(Math.abs(decibels(level(found) / level(expected)))).toBeLessThan(0.01);
      const off = found.map((sample, i) => sample - expected[i]!);
      expect(level(off)).toBeLessThan(0.001);
    }
  });

  it('tones above half the lower rate are damped by 75 dB or more', () => {
    // If the rate rises, the source cannot hold such tones.
    if (from < to) return;
    for (const part of [1, 1.05, 1.2, 1.5]) {
      if (part * half >= from / 2) continue;
      const source = tone(from, from, part * half);
      expect(decibels(level(resample(source, from)) / level(source))).toBeLessThan(-75);
    }
  });

  it('a constant stays a constant', () => {
    const found = resample(new Float32Array(from).fill(0.25), from);
    const inner = found.subarray(to / 5, (to * 4) / 5);
    for (const sample of inner) expect(sample).toBeCloseTo(0.25, 6);
  });
});

it('the same rate changes nothing', () => {
  const samples = tone(100, 16_000, 440);
  expect(createResampler(16_000)(samples, 16_000)).toBe(samples);
});

it('waveforms shorter than the filter are resampled, and many rates one after the other', () => {
  const resample = createResampler(16_000);
  for (const rate of [8000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 8000]) {
    expect(resample(Float32Array.of(1), rate).length).toBe(Math.ceil(16_000 / rate));
    expect(resample(new Float32Array(rate / 25), rate).length).toBe(640);
  }
});

it('a ratio whose filter would be huge is refused', () => {
  const found = problemOf(() => createResampler(16_000)(new Float32Array(10), 383_999));
  expect(found).toMatchObject({ code: 'unsupported_format' });
});
