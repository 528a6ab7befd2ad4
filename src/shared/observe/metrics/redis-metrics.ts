/** Metrics of a process' Redis. The API and the workers have them. */
import { counter, gauge } from './metric-kind.ts';

export const REDIS_METRICS = {
  forebay_redis_up: gauge('Whether Redis answered this scrape: 1 or 0.'),
  forebay_redis_ping_seconds: gauge('Time of one PING during this scrape. Absent if Redis did not answer.'),
  forebay_redis_losses_total: counter(
    'How often Redis could no longer be used: it was lost, or refused writes.',
    ['why'],
  ),
  forebay_redis_reconnects_total: counter('How often Redis came back, or accepted writes again.'),
};
