/** The log as a subscriber: one line per event, with its name in `event`. */
import type { EventKind } from './event-kind.ts';
import { EVENTS, type Events } from './events.ts';
import type { Logger } from './logger.ts';

/** Returns a function that ends the subscription. */
export function logEvents(events: Pick<Events, 'subscribe'>, log: Logger): () => void {
  return events.subscribe((name, fields) => {
    // The fields match the name, but TypeScript loses this link when the name is looked up in the table.
    const { level, text, shown } = EVENTS[name] as unknown as EventKind<object>;
    if (level === null) return;
    const line = { event: name, ...(shown ? shown(fields) : fields) };
    log[typeof level === 'function' ? level(fields) : level](
      line,
      typeof text === 'function' ? text(fields) : text,
    );
  });
}
