/** Writes the answers of a call's rows as bytes. A text per row would cost more than a small model. */
import type { FailedRow, Outcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError } from '../../../shared/domain/row.ts';
import { writeDigits } from './number-text.ts';

export interface AnswerWriter {
  /** Adds a text to the current row. `utf8`: its bytes. */
  bytes(utf8: Uint8Array): void;
  text(text: string): void;
  /** See digitsText. */
  digits(value: number, digits: number): void;
  /** The current row is complete. */
  endRow(): void;
  /** The current row fails. Whatever was written for it is dropped. */
  fail(error: RowError): void;
  /** After the last row. */
  end(): Outcomes;
}

/** Opens a writer for the rows of one call. */
export type OpenAnswers = (rows: number) => AnswerWriter;

/** Bytes of the first answer. */
const FIRST_ESTIMATE = 128;
/** Up to this number of bytes, a loop is faster than a call of `set`. */
const SHORT = 4;
/** No number takes more. */
const NUMBER_BYTES = 32;

/** Its writers have room for the longest answers so far, because a buffer that grows is copied each time. */
export function answerWriters(): OpenAnswers {
  let perRow = FIRST_ESTIMATE;
  return (rows) => {
    return createAnswerWriter(rows, perRow, (bytes) => {
      perRow = Math.max(perRow, Math.ceil(bytes / rows) + NUMBER_BYTES);
    });
  };
}

function createAnswerWriter(rows: number, perRow: number, onEnd: (bytes: number) => void): AnswerWriter {
  let bytes = Buffer.allocUnsafe(rows * perRow);
  let end = 0;
  let row = 0;
  const ends = new Uint32Array(rows);
  const errors: FailedRow[] = [];

  /** Makes room for this many more bytes. */
  function reserve(more: number): void {
    if (end + more <= bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, end + more));
    bytes.copy(larger, 0, 0, end);
    bytes = larger;
  }

  return {
    bytes(utf8) {
      const { length } = utf8;
      reserve(length);
      if (length > SHORT) bytes.set(utf8, end);
      else for (let i = 0; i < length; i++) bytes[end + i] = utf8[i]!;
      end += length;
    },
    text(text) {
      reserve(text.length * 3);
      end += bytes.write(text, end);
    },
    digits(value, digits) {
      reserve(NUMBER_BYTES);
      end = writeDigits(bytes, end, value, digits);
    },
    endRow() {
      ends[row++] = end;
    },
    fail(error) {
      end = row === 0 ? 0 : ends[row - 1]!;
      errors.push({ at: row, error });
      ends[row++] = end;
    },
    end() {
      if (rows > 0) onEnd(end);
      return { results: bytes.subarray(0, end), start: 0, ends, errors };
    },
  };
}
