/** Turns a row into a waveform at the model's sample rate. */
import type { RowError } from '../../../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../../../shared/errors.ts';
import type { AudioConfig } from '../../../../shared/tasks/audio.ts';
import { decodeAudio } from '../../audio/decode-audio.ts';
import { createResampler } from '../../audio/resample.ts';
import { checkFinite, checkLength, checkNotEmpty, type Waveform } from '../../audio/waveform.ts';
import { isOutOfMemory } from '../../out-of-memory.ts';
import type { RowBytes } from '../../rows/row-bytes.ts';
import { createElementBuffer } from '../named-tensors/element-buffer.ts';
import { elementTypeOf } from '../named-tensors/element-types.ts';
import { readValue } from '../named-tensors/read-value.ts';
import { invalidRow, readRecord, type Fields } from '../record.ts';
import type { TaskInput } from '../task.ts';

/** Calls `put` with the waveform, or returns why there is none. Never throws or rejects. */
export type ReadWaveform = (
  row: TaskInput,
  put: (samples: Float32Array) => void,
) => RowError | null | Promise<RowError | null>;

type Config = Pick<AudioConfig, 'sample_rate' | 'max_seconds' | 'scale' | 'normalize'>;

export function createWaveformReader(config: Config, rowBytes: RowBytes): ReadWaveform {
  const { sample_rate: rate, max_seconds: maxSeconds } = config;
  const resample = createResampler(rate);
  const finish = (waveform: Waveform) => adjust(config, resample(waveform.samples, waveform.rate));

  return function read(row, put) {
    try {
      if ('madeUp' in row) put(adjust(config, row.madeUp as Float32Array));
      else if ('json' in row) {
        const record = readRecord(row.json);
        if (!record.ok) return record.error;
        put(finish(samplesOf(record.fields, maxSeconds)));
      } else {
        const done = rowBytes.use(row, (bytes) => put(finish(decodeAudio(bytes, maxSeconds))));
        if (done instanceof Promise) return done.then(() => null, notDecoded);
      }
      return null;
    } catch (error) {
      return notDecoded(error);
    }
  };
}

const FLOAT32 = elementTypeOf('float32');

/** Throws ForebayError `invalid_row`, `unsupported_format` or `decode_failed`. */
function samplesOf({ samples, sample_rate: rate, audio }: Fields, maxSeconds: number): Waveform {
  if (samples === undefined) {
    const what = audio === undefined ? 'the record has no waveform' : 'the field "audio" is not text';
    throw refused(
      `${what}: give its path or URL in the field "audio", or its samples in "samples" and their rate in "sample_rate"`,
    );
  }
  if (typeof rate !== 'number' || !Number.isInteger(rate)) {
    throw refused('the field "sample_rate" must be a whole number: the rate of "samples" in Hz');
  }
  const buffer = createElementBuffer(FLOAT32);
  const reading = readValue(withShape(samples), { type: FLOAT32, shape: ['samples'] }, buffer);
  if (!reading.ok) throw refused(`the field "samples": ${reading.why}`);
  checkLength(buffer.used, rate, maxSeconds);
  const read = (buffer.data as Float32Array).subarray(0, buffer.used);
  checkNotEmpty(read);
  checkFinite(read);
  return { samples: read, rate };
}

/** Adds the shape to samples in base64, because their length follows from their bytes. */
function withShape(samples: unknown): unknown {
  const { base64, shape } = Object(samples) as { base64?: unknown; shape?: unknown };
  if (typeof base64 !== 'string' || shape !== undefined) return samples;
  const bytes = Buffer.byteLength(base64, 'base64');
  return { ...(samples as object), shape: [Math.floor(bytes / Float32Array.BYTES_PER_ELEMENT)] };
}

function refused(message: string): ForebayError {
  return new ForebayError(invalidRow(message).code, message);
}

/** Some samples come from the caller, so they are not changed in place. */
function adjust({ scale, normalize }: Config, samples: Float32Array): Float32Array {
  if (normalize === 'none') return scale === 1 ? samples : samples.map((sample) => sample * scale);
  let sum = 0;
  for (const sample of samples) sum += sample;
  const mean = sum / samples.length;
  let squares = 0;
  for (const sample of samples) squares += (sample - mean) ** 2;
  const factor = scale / Math.sqrt(squares / samples.length + LEAST_VARIANCE);
  return samples.map((sample) => (sample - mean) * factor);
}

/** The same value as in Wav2Vec2FeatureExtractor of transformers. */
const LEAST_VARIANCE = 1e-7;

function notDecoded(error: unknown): RowError {
  const otherwise = isOutOfMemory(error) ? 'out_of_memory' : 'decode_failed';
  return { code: error instanceof ForebayError ? error.code : otherwise, message: messageOf(error) };
}
