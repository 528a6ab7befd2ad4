/** Events of feeding, sweeping and webhooks. */
import { event } from './event-kind.ts';

export const FEEDER_EVENTS = {
  /** The sweeper has removed what killed processes left; counts by kind. */
  'sweep.cleared': event<Readonly<Record<string, number>>>('info', 'cleared up after what was killed'),
  'sweep.failed': event<{ readonly error: string }>('warn', 'not swept'),
};
