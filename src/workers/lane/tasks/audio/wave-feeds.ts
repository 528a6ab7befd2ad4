/** The tensors of one call that come from waveforms: the samples, and the mask if the graph takes one. Pure. */
import { toHalfBits } from '../../image/normalise/half.ts';
import type { Feeds, TensorValue } from '../tensors.ts';
import type { WaveformInput } from './bind-waveform.ts';
import type { Framing } from './frames.ts';
import type { Unit } from './run-frames.ts';

/** `units`: frames of the same length. */
export function waveFeeds(units: readonly Unit[], framing: Framing, input: WaveformInput): Feeds {
  const { tensor, mask } = input;
  const length = framing.length(units[0]!.row.samples.length);
  return {
    [tensor.name]: samplesOf(units, length, framing, input),
    ...(mask === null ? {} : { [mask.name]: maskOf(units, length, framing, mask.type) }),
  };
}

function samplesOf(
  units: readonly Unit[],
  length: number,
  framing: Framing,
  input: WaveformInput,
): TensorValue {
  const data = new Float32Array(units.length * length);
  for (let i = 0; i < units.length; i++) {
    const { row, frame } = units[i]!;
    framing.write(row.samples, frame, data, i * length);
  }
  const dims = input.dims(units.length, length);
  const { type } = input.tensor;
  return input.isHalf ? { type, dims, data: Uint16Array.from(data, toHalfBits) } : { type, dims, data };
}

/** 1 for samples of the waveform, 0 for padding. */
function maskOf(units: readonly Unit[], length: number, framing: Framing, type: string): TensorValue {
  const size = units.length * length;
  const mask = type === 'int64' ? new BigInt64Array(size) : ELEMENTS[type as keyof typeof ELEMENTS](size);
  for (const [i, { row, frame }] of units.entries()) {
    const { start, end } = framing.filled(row.samples.length, frame);
    const [from, to] = [i * length + start, i * length + end];
    if (mask instanceof BigInt64Array) mask.fill(1n, from, to);
    else mask.fill(1, from, to);
  }
  return { type, dims: [units.length, length], data: mask };
}

const ELEMENTS = {
  int32: (size: number) => new Int32Array(size),
  bool: (size: number) => new Uint8Array(size),
  float32: (size: number) => new Float32Array(size),
};
