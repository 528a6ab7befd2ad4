/** Settings of webhooks. */
import { count, names, shortTime, text } from '../setting.ts';

export const WEBHOOKS = {
  webhookAllow: names({
    env: 'FOREBAY_WEBHOOK_ALLOW',
    what: 'Private hosts and CIDR ranges that webhooks may reach; comma-separated',
    trade: 'Each entry opens that part of your network to everyone who submits jobs.',
    unset: 'none',
  }),
  webhookSecret: text({
    env: 'FOREBAY_WEBHOOK_SECRET',
    minLength: 8,
    what: 'Secret that signs the webhooks of jobs that have no secret',
    trade: 'With it, receivers can check that a webhook is genuine.',
    unset: 'none, and those webhooks are not signed',
  }),
  webhookTries: count({
    env: 'FOREBAY_WEBHOOK_TRIES',
    fallback: 10,
    max: 100,
    what: 'Attempts per webhook event, with increasing pauses',
    trade: 'More attempts survive longer outages of receivers. Ten attempts take about an hour.',
  }),
  webhookPauseMs: shortTime({
    env: 'FOREBAY_WEBHOOK_PAUSE_S',
    fallback: 7,
    what: 'Pause before the second attempt of a webhook event; it doubles with each further attempt',
    trade: 'A shorter pause delivers sooner after a short outage, but calls a broken receiver more often.',
  }),
  webhookTimeoutMs: shortTime({
    env: 'FOREBAY_WEBHOOK_TIMEOUT_S',
    fallback: 10,
    what: 'Timeout of one webhook attempt',
    trade:
      'A longer timeout allows slower receivers, but a hanging receiver delays its later events for longer.',
  }),
  webhookProgressMs: shortTime({
    env: 'FOREBAY_WEBHOOK_PROGRESS_S',
    fallback: 10,
    what: 'Minimum time between two progress events of a job',
    trade: 'Lower is fresher and costs more requests.',
  }),
};
