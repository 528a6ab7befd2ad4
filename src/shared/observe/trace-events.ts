/** Events of sending traces. */
import { event } from './event-kind.ts';

export const TRACE_EVENTS = {
  /** Emitted once per outage. Jobs go on without traces. */
  'traces.failed': event<{ readonly error: string }>(
    'warn',
    'traces cannot be sent; check OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
  /** `dropped`: spans that were lost meanwhile. */
  'traces.sent_again': event<{ readonly dropped: number }>('warn', 'traces are sent again'),
};
