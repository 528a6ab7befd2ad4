/** One file or object as a dataset of one row. */
import type { DatasetSource } from '../source.ts';

/** `id`: its path relative to the root of the dataset. */
export function singleFile(id: string): DatasetSource {
  return {
    async *read(from, signal) {
      signal.throwIfAborted();
      if ((from?.index ?? 0) === 0) yield { row: { id }, cursor: { index: 1, at: id } };
    },
    async count(limit, signal) {
      signal.throwIfAborted();
      return Math.min(limit, 1);
    },
  };
}
