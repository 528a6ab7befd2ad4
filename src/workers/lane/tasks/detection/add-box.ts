/** How a model describes boxes, and how they become candidates. */
import type { BoxFormat, DetectionConfig } from '../../../../shared/tasks/detection/detection-config.ts';
import type { Size } from '../../image/resample/pillow-resampler.ts';
import type { Candidates } from './candidates.ts';

/** How a model describes boxes. */
export interface BoxForm {
  readonly format: BoxFormat;
  /** Pixels of the input per unit. */
  readonly scaleX: number;
  readonly scaleY: number;
}

/** `a` to `d`: the four numbers of the box. */
export function addBox(
  into: Candidates,
  { format, scaleX, scaleY }: BoxForm,
  [a, b, c, d]: readonly [number, number, number, number],
  score: number,
  label: number,
): void {
  if (!Number.isFinite(a + b + c + d)) {
    into.reject('the model returned a box that is not finite (NaN or infinite)');
    return;
  }
  switch (format) {
    case 'xyxy':
      return into.add(a * scaleX, b * scaleY, c * scaleX, d * scaleY, score, label);
    case 'yxyx':
      return into.add(b * scaleX, a * scaleY, d * scaleX, c * scaleY, score, label);
    case 'xywh':
      return into.add(a * scaleX, b * scaleY, (a + c) * scaleX, (b + d) * scaleY, score, label);
    case 'cxcywh':
      return into.add(
        (a - c / 2) * scaleX,
        (b - d / 2) * scaleY,
        (a + c / 2) * scaleX,
        (b + d / 2) * scaleY,
        score,
        label,
      );
  }
}

/** The config's form of boxes, or else the head's usual one. */
export function boxForm(
  { box_format, box_units }: Pick<DetectionConfig, 'box_format' | 'box_units'>,
  { width, height }: Size,
  usualFormat: BoxFormat,
  usualUnits: 'pixels' | 'fraction',
): BoxForm {
  const isFraction = (box_units ?? usualUnits) === 'fraction';
  const format = box_format ?? usualFormat;
  return { format, scaleX: isFraction ? width : 1, scaleY: isFraction ? height : 1 };
}
