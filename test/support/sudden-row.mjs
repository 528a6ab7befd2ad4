// A hook for a worker and its lanes (NODE_OPTIONS). A lane that gets the row `sudden.png` stops its worker and takes 2 GB
// at once, so that only the kernel can react. The test must let the worker continue.
import { inLane, rowsIn } from './into-lanes.mjs';

if (inLane(import.meta.url)) {
  const emit = process.emit.bind(process);
  const held = [];
  process.emit = function emitWatched(event, message, ...rest) {
    const rows = rowsIn(event, message);
    if (rows.some((row) => row.path?.endsWith('sudden.png'))) {
      process.kill(process.ppid, 'SIGSTOP');
      held.push(Buffer.alloc(2 ** 31 - 1, 1));
    }
    return emit(event, message, ...rest);
  };
}
