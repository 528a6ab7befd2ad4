/** Events of a worker: its life, its models, the runs of its blocks. */
import { event } from './event-kind.ts';

export const WORKER_EVENTS = {
  'worker.draining': event('info', 'draining'),
};
