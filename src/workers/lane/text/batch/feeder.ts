/** Makes the input tensors of a call from the tokens of its rows. The next call reuses their memory. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Feeds, TensorValue } from '../../tasks/tensors.ts';
import { ATTENTION_MASK, INPUT_IDS, type TextInputFit } from '../fit-text-inputs.ts';
import type { TokenRows } from './token-rows.ts';

export interface Feeder {
  /** See TaskBatch.feeds. Valid until the next call. */
  feed(tokens: TokenRows, rows: readonly number[]): Feeds;
}

/** `pad`: the id of the token that fills up shorter rows. */
export function createFeeder(
  { inputs, fixedLength }: Pick<TextInputFit, 'inputs' | 'fixedLength'>,
  pad: number,
): Feeder {
  const tensors = inputs.map(createTensor);
  return {
    feed(tokens, rows) {
      const length = fixedLength ?? longest(tokens, rows);
      const feeds: Record<string, TensorValue> = {};
      for (const tensor of tensors) feeds[tensor.name] = tensor.fill(tokens, rows, length, pad);
      return feeds;
    },
  };
}

/** Most tokens of these rows, at least one. */
export function longest(tokens: TokenRows, rows: readonly number[]): number {
  let most = 1;
  for (const row of rows) most = Math.max(most, tokens.length(row));
  return most;
}

interface InputTensor {
  readonly name: string;
  fill(tokens: TokenRows, rows: readonly number[], length: number, pad: number): TensorValue;
}

function createTensor({ name, type }: GraphTensor): InputTensor {
  // An int64 is written as two halves, the lower one first. No id is negative or needs the higher one.
  const stride = type === 'int64' ? 2 : 1;
  let words = new Int32Array(0);

  function fill(tokens: TokenRows, rows: readonly number[], length: number, pad: number): TensorValue {
    const size = rows.length * length;
    if (words.length < size * stride) words = new Int32Array(size * stride);
    const used = words.subarray(0, size * stride);
    used.fill(0);
    for (const [i, row] of rows.entries()) {
      const from = i * length * stride;
      const own = tokens.length(row);
      if (name === ATTENTION_MASK) for (let t = 0; t < own; t++) used[from + t * stride] = 1;
      else if (name === INPUT_IDS) {
        tokens.copyIds(row, used, from, stride);
        for (let t = own; t < length; t++) used[from + t * stride] = pad;
      } else tokens.copyTypes(row, used, from, stride);
    }
    const data = stride === 1 ? used : new BigInt64Array(words.buffer, 0, size);
    return { type, dims: [rows.length, length], data };
  }

  return { name, fill };
}
