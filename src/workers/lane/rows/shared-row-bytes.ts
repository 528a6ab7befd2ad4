/** The bytes of rows that several models read: opened and counted once. */
import type { EncodedRow, RowBytes } from './row-bytes.ts';

export interface SharedRowBytes extends RowBytes {
  /** Until `work` is done, everybody who uses this row gets the same bytes. Throws or rejects as RowBytes.use does. */
  hold<T>(row: EncodedRow, work: () => T | Promise<T>): T | Promise<T>;
}

export function shareRowBytes(rowBytes: RowBytes): SharedRowBytes {
  const held = new Map<EncodedRow, Uint8Array>();
  return {
    use(row, work) {
      const bytes = held.get(row);
      return bytes === undefined ? rowBytes.use(row, work) : work(bytes);
    },
    lend(row, work) {
      const bytes = held.get(row);
      return bytes === undefined ? rowBytes.lend(row, work) : work(bytes);
    },
    hold: (row, work) =>
      rowBytes.use(row, (bytes) => {
        held.set(row, bytes);
        const letGo = () => void held.delete(row);
        let done: ReturnType<typeof work>;
        try {
          done = work();
        } catch (error) {
          letGo();
          throw error;
        }
        if (done instanceof Promise) return done.finally(letGo);
        letGo();
        return done;
      }),
    takeCounts: () => rowBytes.takeCounts(),
  };
}
