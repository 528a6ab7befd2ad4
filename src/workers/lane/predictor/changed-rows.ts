/** Turns what `before` returns for a row into a row of the graph's task. */
import type { FailedOutcome } from '../../../shared/domain/row.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import type { ChangedRow, RowPixels } from '../../../predictor/define-hooks.ts';
import type { PredictorRow } from '../../../predictor/predictor-context.ts';
import { messageOf } from '../../../shared/errors.ts';
import { wholePart } from '../image/picture.ts';
import type { TaskInput } from '../tasks/task.ts';
import { failureIn, invalidAnswer, whyNoJson } from './answers.ts';

export type ChangedReading = { readonly ok: true; readonly input: TaskInput } | FailedOutcome;

/** `row`: as `before` got it. Never throws. */
export function readChanged(value: unknown, row: PredictorRow, kind: RowKind): ChangedReading {
  try {
    const error = failureIn(value);
    if (error !== null) return { ok: false, error };
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return refused('no row; return the row itself if nothing changes');
    return inputOf(value as ChangedRow, row, kind);
  } catch (error) {
    return refused(`a row that cannot be read: ${messageOf(error)}`);
  }
}

function inputOf(
  { bytes, pixels, text, fields }: ChangedRow,
  row: PredictorRow,
  kind: RowKind,
): ChangedReading {
  if (kind === 'image' && pixels !== undefined) return inputOfPixels(pixels);
  if (kind === 'image' || (kind === 'audio' && bytes !== undefined)) {
    return bytes instanceof Uint8Array
      ? { ok: true, input: { bytes } }
      : refused(`a row without "bytes"${kind === 'image' ? ' or "pixels"' : ''}`);
  }
  const record = fields ?? row.fields ?? {};
  const hasNewText = kind === 'text' && text !== undefined && (text !== row.text || fields === undefined);
  if (hasNewText && typeof text !== 'string') return refused('a row whose "text" is not a text');
  const whole = hasNewText ? { ...record, text } : record;
  const why = whyNoJson(whole);
  return why === null
    ? { ok: true, input: { json: JSON.stringify(whole) } }
    : refused(`a row whose "fields" are not JSON: ${why}`);
}

function inputOfPixels({ data, width, height }: RowPixels): ChangedReading {
  const isSide = (side: number) => Number.isSafeInteger(side) && side > 0;
  if (!(data instanceof Uint8Array) || !isSide(width) || !isSide(height))
    return refused('a row whose "pixels" are not {data: Uint8Array, width, height}');
  if (data.length !== width * height * 3)
    return refused(`pixels of ${data.length} bytes, and ${width} x ${height} RGB has ${width * height * 3}`);
  return { ok: true, input: { madeUp: wholePart({ pixels: data, width, height }) } };
}

function refused(what: string): FailedOutcome {
  return invalidAnswer(`before returned ${what}`);
}
