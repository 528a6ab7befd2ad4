/** Rows as predictors get them. */
import type { FailedOutcome, RowError } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import type { PredictorRow } from '../../../predictor/predictor-context.ts';
import { PicturePart } from '../image/picture.ts';
import { pngFile } from '../image/png-file.ts';
import { invalidRow, readRecord } from '../tasks/record.ts';
import type { TaskInput } from '../tasks/task.ts';
import { textOfFile, textOfRecord } from '../text/row-text.ts';
import type { RowBytes } from '../rows/row-bytes.ts';

export type RowReading =
  | { readonly ok: true; readonly row: PredictorRow; readonly bytes: number }
  | FailedOutcome;

/** Never rejects. */
export type ReadRow = (input: TaskInput) => RowReading | Promise<RowReading>;

/** Code gets parts of pictures as files. */
export function asFile(row: TaskInput): TaskInput {
  return 'madeUp' in row && row.madeUp instanceof PicturePart ? { bytes: pngFile(row.madeUp) } : row;
}

export function createRowReading(kind: RowKind, rowBytes: Pick<RowBytes, 'use'>): ReadRow {
  return (input) => {
    if ('madeUp' in input) return failed(invalidRow('a made-up row'));
    if ('json' in input) return recordRow(input.json, kind);
    if (kind === 'features' || kind === 'tensors') return failed(TAKES_RECORDS);
    try {
      const read = rowBytes.use(input, (bytes) => bytes);
      return read instanceof Promise
        ? read.then((bytes) => fileRow(bytes, kind), unreadable)
        : fileRow(read, kind);
    } catch (error) {
      return unreadable(error);
    }
  };
}

function recordRow(json: string, kind: RowKind): RowReading {
  if (kind === 'image' || kind === 'audio') return failed(noFile(kind));
  const record = readRecord(json);
  if (!record.ok) return record;
  const { fields } = record;
  if (kind !== 'text') return { ok: true, row: { fields }, bytes: json.length };
  const text = textOfRecord(json, false);
  return text.ok ? { ok: true, row: { text: text.row.text, fields }, bytes: json.length } : text;
}

function fileRow(bytes: Uint8Array, kind: RowKind): RowReading {
  if (kind !== 'text') return { ok: true, row: { bytes }, bytes: bytes.length };
  const text = textOfFile(bytes);
  return text.ok ? { ok: true, row: { text: text.row.text }, bytes: bytes.length } : text;
}

function unreadable(error: unknown): RowReading {
  const code = error instanceof ForebayError ? error.code : 'file_unreadable';
  return failed({ code, message: messageOf(error) });
}

function failed(error: RowError): RowReading {
  return { ok: false, error };
}

const TAKES_RECORDS = invalidRow(
  'the row is a file, and the predictor takes records: set "input" in its model.json to text, image or audio',
);

function noFile(kind: 'image' | 'audio'): RowError {
  return invalidRow(`the record has no ${kind}: give its path or URL in the field "${kind}"`);
}
