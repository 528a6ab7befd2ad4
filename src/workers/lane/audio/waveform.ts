/** A decoded waveform, and the limit on its size. */
import { ForebayError } from '../../../shared/errors.ts';
import { LEAST_SAMPLE_RATE, MOST_SAMPLE_RATE } from '../../../shared/tasks/audio/audio-config.ts';

/** One channel. Samples are from -1 to 1. */
export interface Waveform {
  readonly samples: Float32Array;
  /** In Hz. */
  readonly rate: number;
}

/** Samples of one row before it is resampled. They take 256 MB. */
const MOST_SAMPLES = 2 ** 26;

/** Throws ForebayError `invalid_row` or `unsupported_format` if a waveform is too long, or has no usable sample rate. */
export function checkLength(samples: number, rate: number, maxSeconds: number): void {
  if (rate < LEAST_SAMPLE_RATE || rate > MOST_SAMPLE_RATE) {
    throw new ForebayError(
      'unsupported_format',
      `the sample rate is ${rate} Hz; it must be ${LEAST_SAMPLE_RATE} to ${MOST_SAMPLE_RATE} Hz`,
    );
  }
  const most = Math.min(MOST_SAMPLES, Math.floor(maxSeconds * rate));
  if (samples <= most) return;
  const fix = most === MOST_SAMPLES ? 'split it' : 'split it, or raise max_seconds in model.json';
  throw new ForebayError(
    'invalid_row',
    `the waveform has ${(samples / rate).toFixed(1)} s or more; the limit is ${(most / rate).toFixed(1)} s: ${fix}`,
  );
}

/** Throws ForebayError `invalid_row` if there are no samples. */
export function checkNotEmpty(samples: Float32Array): void {
  if (samples.length === 0) throw new ForebayError('invalid_row', 'the waveform has no samples');
}

/** Only samples that were written as floats need this check. Throws ForebayError `decode_failed`. */
export function checkFinite(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) {
    if (Number.isFinite(samples[i])) continue;
    throw new ForebayError('decode_failed', `sample ${i} is ${samples[i]}: write the file again`);
  }
}
