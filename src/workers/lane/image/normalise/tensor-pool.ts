/** Reuses the input tensors of batches. One is filled while another is inside the model. */
import type { TensorData, TensorFiller } from './tensor-filler.ts';

export interface TensorPool {
  /** A tensor for at least this many rows. It holds the content of an earlier batch. */
  take(rows: number): TensorData;
  /** Keeps the tensor for later batches. The caller must not touch it again. */
  giveBack(tensor: TensorData): void;
}

/** One for the batch in the model, and one for the batch being decoded. */
const KEPT = 2;

/** `shared`: whether other threads write into the tensors. */
export function createTensorPool(
  filler: Pick<TensorFiller, 'allocate' | 'rowLength'>,
  shared = false,
): TensorPool {
  const free: TensorData[] = [];
  return {
    take(rows) {
      const tensor = free.pop();
      // A tensor that is too small is dropped. Most batches of a model have one size, and all tensors grow to it.
      return tensor !== undefined && tensor.length >= rows * filler.rowLength
        ? tensor
        : filler.allocate(rows, shared);
    },
    giveBack(tensor) {
      if (free.length < KEPT) free.push(tensor);
    },
  };
}
