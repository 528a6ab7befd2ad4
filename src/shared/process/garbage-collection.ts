/**
 * How V8 collects garbage in a worker and its lanes. Their live objects take 20 MB, but buffers of rows and results pass
 * through at hundreds of megabytes per second. V8 would begin to mark all objects for each 20 MB of buffers, on all
 * cores. Without incremental marking, young buffers are freed in collections of the young generation, and a full
 * collection pauses the thread for 20 ms once or twice a second (ADR 21).
 */
import { setFlagsFromString } from 'node:v8';

/** Call it once, when the process starts. */
export function collectInOneGo(): void {
  setFlagsFromString('--no-incremental-marking');
}
