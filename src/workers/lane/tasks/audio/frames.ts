/** Cuts a waveform into the frames that the model gets. Pure. */
import type { FrameConfig } from '../../../../shared/tasks/audio/audio-config.ts';

export interface Framing {
  /** Frames of a waveform. At least 1. */
  count(samples: number): number;
  /** Samples of each frame of a waveform. */
  length(samples: number): number;
  /** Samples from one frame to the next. Null if a frame is the whole waveform. */
  readonly hop: number | null;
  /** The positions in a frame that hold samples of the waveform. The other positions are padding. */
  filled(samples: number, frame: number): { readonly start: number; readonly end: number };
  /** Writes a frame. Where there are no samples, it writes zeros. */
  write(samples: Float32Array, frame: number, to: Float32Array, at: number): void;
}

export function createFraming(config: FrameConfig | undefined): Framing {
  if (config === undefined) {
    return {
      count: () => 1,
      length: (samples) => samples,
      hop: null,
      filled: (samples) => ({ start: 0, end: samples }),
      write: (samples, _frame, to, at) => to.set(samples, at),
    };
  }
  const { length, context, tail } = config;
  const hop = config.hop ?? length - context;
  function filled(samples: number, frame: number) {
    const from = frame * hop - context;
    const first = Math.max(0, from);
    const last = Math.max(first, Math.min(samples, from + length));
    return { start: first - from, end: last - from };
  }
  return {
    count(samples) {
      if (tail === 'pad') return Math.max(1, Math.ceil(samples / hop));
      return Math.max(1, Math.floor((samples - (length - context)) / hop) + 1);
    },
    length: () => length,
    hop,
    filled,
    write(samples, frame, to, at) {
      const from = frame * hop - context;
      const { start, end } = filled(samples.length, frame);
      // Most frames are full, and a call that fills nothing costs as much as the copy.
      if (start > 0) to.fill(0, at, at + start);
      to.set(samples.subarray(from + start, from + end), at + start);
      if (end < length) to.fill(0, at + end, at + length);
    },
  };
}
