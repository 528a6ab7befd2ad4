/** An embedding as the answer's JSON text. */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import { digitsText } from '../number-text.ts';
import { counted } from '../../../../shared/text/counted.ts';

/** As many significant digits as a float32 holds. */
const DIGITS = 7;

/** `dimensions`: how many of the first numbers to keep. Null: all. Cutting comes before scaling to length 1. */
export function createVectorText(
  normalize: boolean,
): (vector: ArrayLike<number>, dimensions: number | null) => RowOutcome {
  return function toText(vector, dimensions) {
    const count = dimensions ?? vector.length;
    if (count > vector.length) {
      return failed(
        'config_mismatch',
        `dimensions is ${count}, but the model's embedding has ${counted(vector.length, 'number')}: ask for ${vector.length} or fewer`,
      );
    }
    let squares = 0;
    for (let i = 0; i < count; i++) squares += vector[i]! ** 2;
    if (!Number.isFinite(squares)) {
      return failed('inference_failed', 'the model returned numbers that are not finite (NaN or infinite)');
    }
    const length = normalize && squares > 0 ? Math.sqrt(squares) : 1;
    let numbers = '';
    for (let i = 0; i < count; i++) {
      numbers += `${i === 0 ? '' : ','}${digitsText(vector[i]! / length, DIGITS)}`;
    }
    return { ok: true, result: `"embedding":[${numbers}]` };
  };
}

function failed(code: 'config_mismatch' | 'inference_failed', message: string): RowOutcome {
  return { ok: false, error: { code, message } };
}
