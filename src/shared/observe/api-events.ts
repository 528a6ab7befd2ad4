/** Events of the API's use cases and of its HTTP face. */
import { event } from './event-kind.ts';

export const API_EVENTS = {
  /** The API answers requests at `url`. */
  'api.listening': event<{ readonly url: string }>('info', 'listening'),
  'api.stopping': event('info', 'stopping'),
};
