// A hook for a worker and its lanes (NODE_OPTIONS). Lanes fail to load the model `moody`, as on a machine without enough
// memory or without a library for it.
import { inLane } from './into-lanes.mjs';

if (inLane(import.meta.url)) {
  const emit = process.emit.bind(process);
  process.emit = function emitWatched(event, message, ...rest) {
    if (event !== 'message' || message.type !== 'load' || message.config.name !== 'moody') {
      return emit(event, message, ...rest);
    }
    const error = { code: 'model_load_failed', message: 'libmoody.so: cannot open shared object file' };
    return process.send({ type: 'load_failed', model: message.model, error });
  };
}
