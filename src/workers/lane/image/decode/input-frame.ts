/** The model's input in pixels: its size, and the colour around smaller images. Pure. */
import { inputSize, type Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import type { Size } from '../resample/pillow-resampler.ts';

export interface InputFrame extends Size {
  /** Red, green, blue. */
  readonly pad: readonly [number, number, number];
}

export type FrameConfig = Pick<Preprocess, 'crop' | 'pad' | 'color_order'>;

export function inputFrame(config: FrameConfig): InputFrame {
  const { pad = 0, color_order } = config;
  const [first, second, third] = typeof pad === 'number' ? [pad, pad, pad] : pad;
  const colour = color_order === 'rgb' ? [first!, second!, third!] : [third!, second!, first!];
  return { ...inputSize(config), pad: colour as [number, number, number] };
}
