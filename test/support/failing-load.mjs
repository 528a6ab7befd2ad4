// Loaded into a worker and its lanes (NODE_OPTIONS): lanes cannot load a model of this name, as on a machine without
// the memory or the library for it.
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
