/** Input tensors of batches, used again: one is filled while another is inside the model. */
import type { TensorData, TensorFiller } from './tensor-filler.ts';

export interface TensorPool {
  /** Room for at least so many rows; content undefined: that of an earlier batch. */
  take(rows: number): TensorData;
  /** For later batches; the giver must not touch it again. */
  giveBack(tensor: TensorData): void;
}

/** The batch in the model, and the one being decoded. */
const KEPT = 2;

export function createTensorPool(filler: Pick<TensorFiller, 'allocate' | 'rowLength'>): TensorPool {
  const free: TensorData[] = [];
  return {
    take(rows) {
      const tensor = free.pop();
      // One that is too small is dropped: batches of a model are mostly of one size, all will grow to it.
      return tensor !== undefined && tensor.length >= rows * filler.rowLength
        ? tensor
        : filler.allocate(rows);
    },
    giveBack(tensor) {
      if (free.length < KEPT) free.push(tensor);
    },
  };
}
