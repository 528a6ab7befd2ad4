/** Settings for how processes load, stop, answer health checks and log. */
import { choice, count, seconds, secondsAsMs } from '../setting.ts';

export const PROCESSES = {
  batchTimeoutS: seconds({
    env: 'FOREBAY_BATCH_TIMEOUT_S',
    fallback: 120,
    max: 86_400,
    what: 'How long a lane may work on one batch before it is killed and restarted; `model.json` may override it',
    trade: 'A shorter time frees a hanging lane sooner, but too short a time kills slow models.',
  }),
  loadTimeoutMs: secondsAsMs({
    env: 'FOREBAY_LOAD_TIMEOUT_S',
    fallback: 300,
    max: 86_400,
    what: 'How long one step of loading a model may take: starting the lane, reading the graph, its first run, probing',
    trade: 'A longer time allows larger models and slower disks, but a hanging step is noticed later.',
  }),
  shutdownGraceMs: secondsAsMs({
    env: 'FOREBAY_SHUTDOWN_GRACE_S',
    fallback: 30,
    min: 0,
    max: 3600,
    what: 'How long a stopping worker may take to finish its blocks before it hands them back',
    trade: 'A longer time wastes less work. A shorter one stops sooner.',
  }),
  healthPort: count({
    env: 'FOREBAY_HEALTH_PORT',
    min: 0,
    max: 65_535,
    flag: { usage: '--health-port <port>', what: 'answer health checks on this port' },
    what: 'Port on which a worker answers `/healthz` and `/readyz`',
    trade: 'A container needs this port for its health check. The port is open on loopback only.',
    unset: 'none',
  }),
  logLevel: choice({
    env: 'FOREBAY_LOG_LEVEL',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    fallback: 'info',
    flag: { usage: '--log-level <level>', what: 'lowest level of log lines' },
    what: 'Lowest level of log lines, which are JSON on stderr',
    trade: 'Lower levels log more. `debug` logs every request.',
  }),
};
