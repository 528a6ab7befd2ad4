// A hook for a worker and its lanes (NODE_OPTIONS). A lane that gets the row `killer.png` kills its worker, as a row that
// exhausts the machine's memory would.
import { inLane, rowsIn } from './into-lanes.mjs';

if (inLane(import.meta.url)) {
  const emit = process.emit.bind(process);
  // Replaces `emit`, because a listener that is added before the lane's own would take the lane's first messages.
  process.emit = function emitWatched(event, message, ...rest) {
    const rows = rowsIn(event, message);
    if (rows.some((row) => row.path?.endsWith('killer.png'))) process.kill(process.ppid, 'SIGKILL');
    return emit(event, message, ...rest);
  };
}
