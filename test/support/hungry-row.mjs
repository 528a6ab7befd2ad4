// A hook for a worker and its lanes (NODE_OPTIONS). A lane that gets the row `hungry.png` takes 20 MB every 50 ms until it
// is killed or has 2 GB.
import { inLane, rowsIn } from './into-lanes.mjs';

if (inLane(import.meta.url)) {
  const emit = process.emit.bind(process);
  const held = [];
  const clock = new Int32Array(new SharedArrayBuffer(4));
  process.emit = function emitWatched(event, message, ...rest) {
    const rows = rowsIn(event, message);
    if (rows.some((row) => row.path?.endsWith('hungry.png'))) {
      while (held.length < 100) {
        held.push(Buffer.alloc(20 * 2 ** 20, 1));
        Atomics.wait(clock, 0, 0, 50);
      }
    }
    return emit(event, message, ...rest);
  };
}
