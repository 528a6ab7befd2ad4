/** Settings of webhooks. */
import { count, names, shortTime, text } from '../setting.ts';

export const WEBHOOKS = {
  webhookAllow: names({
    env: 'FOREBAY_WEBHOOK_ALLOW',
    what: 'Private hosts and CIDR ranges that webhooks may reach; comma-separated',
    trade: 'Each one opens that part of your network to whoever submits jobs.',
    unset: 'none',
  }),
  webhookSecret: text({
    env: 'FOREBAY_WEBHOOK_SECRET',
    minLength: 8,
    what: 'Secret that signs the webhooks of jobs without a secret of their own',
    trade: 'With it, receivers can check that a webhook is genuine.',
    unset: 'none, and those webhooks are not signed',
  }),
  webhookTries: count({
    env: 'FOREBAY_WEBHOOK_TRIES',
    fallback: 10,
    max: 100,
    what: 'Tries of one webhook event, with growing pauses',
    trade: 'More tries survive longer outages of receivers. Ten tries take about an hour.',
  }),
  webhookPauseMs: shortTime({
    env: 'FOREBAY_WEBHOOK_PAUSE_S',
    fallback: 7,
    what: 'Pause before the second try of a webhook event; it doubles with each further try',
    trade: 'Shorter delivers sooner after a short outage. It also calls a broken receiver more often.',
  }),
  webhookTimeoutMs: shortTime({
    env: 'FOREBAY_WEBHOOK_TIMEOUT_S',
    fallback: 10,
    what: 'Longest wait for the answer to one try of a webhook',
    trade: 'Longer allows slower receivers. A receiver that hangs then delays its later events for longer.',
  }),
  webhookProgressMs: shortTime({
    env: 'FOREBAY_WEBHOOK_PROGRESS_S',
    fallback: 10,
    what: 'Least time between two progress events of a job',
    trade: 'Lower is fresher and costs more requests.',
  }),
};
