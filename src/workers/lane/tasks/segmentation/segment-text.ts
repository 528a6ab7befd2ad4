/** The segments of an image as the answer's JSON text. */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import type { Size } from '../../image/resample/pillow-resampler.ts';
import { digitsText } from '../number-text.ts';
import { compressCounts } from './run-lengths.ts';
import type { Segment } from './segment-list.ts';
import { counted } from '../../../../shared/text/counted.ts';

/** A float32 guarantees no more digits. */
const SCORE_DIGITS = 6;

export function createSegmentText(
  labels: readonly string[] | null,
  hasScores: boolean,
): (segments: readonly Segment[] | string, image: Size) => RowOutcome {
  const names = labels?.map((label) => `,"label":${JSON.stringify(label)}`) ?? null;

  function textOf({ label, runs, total }: Segment, { width, height }: Size): string {
    const score = hasScores ? `,"score":${digitsText(total / runs.area, SCORE_DIGITS)}` : '';
    const counts = JSON.stringify(compressCounts(runs.counts(width * height)));
    const rle = `{"size":[${height},${width}],"counts":${counts}}`;
    return `{"index":${label}${names?.[label] ?? ''}${score},"area":${runs.area},"rle":${rle}}`;
  }

  return (segments, image) => {
    if (typeof segments === 'string') return failed(segments);
    const unknown = names === null ? undefined : segments.find(({ label }) => names[label] === undefined);
    if (unknown !== undefined) {
      return failed(
        `the model returned class ${unknown.label}, but the labels file has ${counted(labels!.length, 'name')}: add the missing ones, or name the class in "ignore"`,
      );
    }
    return {
      ok: true,
      result: `"segments":[${segments.map((segment) => textOf(segment, image)).join(',')}]`,
    };
  };
}

function failed(message: string): RowOutcome {
  return { ok: false, error: { code: 'inference_failed', message } };
}
