/** Writes the boxes of an image as JSON text. */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import { digitsText } from '../number-text.ts';
import type { Detection } from './choose-boxes.ts';
import { counted } from '../../../../shared/text/counted.ts';

/** A float32 guarantees no more digits. */
const SCORE_DIGITS = 6;

export function createDetectionText(
  labels: readonly string[] | null,
): (detections: readonly Detection[]) => RowOutcome {
  const names = labels?.map((label) => `,"label":${JSON.stringify(label)}`) ?? null;
  return (detections) => {
    const unknown = names === null ? undefined : detections.find(({ label }) => names[label] === undefined);
    if (unknown !== undefined) {
      const message = `the model returned class ${unknown.label}, but the labels file has ${counted(labels!.length, 'name')}: add the missing ones`;
      return { ok: false, error: { code: 'inference_failed', message } };
    }
    const parts = detections.map(({ label, score, corners: [left, top, right, bottom] }) => {
      const box = [left, top, right - left, bottom - top].map(hundredths).join(',');
      return `{"index":${label}${names?.[label] ?? ''},"score":${digitsText(score, SCORE_DIGITS)},"box":[${box}]}`;
    });
    return { ok: true, result: `"detections":[${parts.join(',')}]` };
  };
}

function hundredths(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}
