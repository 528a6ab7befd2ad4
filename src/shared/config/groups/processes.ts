/** Settings for how processes load, stop, answer health checks and scrapes, and log. */
import { choice, count, seconds, secondsAsMs, text } from '../setting.ts';

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
  workerPort: count({
    env: 'FOREBAY_WORKER_PORT',
    min: 0,
    max: 65_535,
    flag: { usage: '--worker-port <port>', what: 'answer health checks and scrapes on this port' },
    what: 'Port on which a worker answers `/healthz`, `/readyz` and `/metrics`; 0 picks a free one',
    trade:
      'Health checks and Prometheus need it. If `forebay up` starts several workers, each takes the next port after the one before it.',
    unset: 'none',
  }),
  workerHost: text({
    env: 'FOREBAY_WORKER_HOST',
    fallback: '127.0.0.1',
    flag: { usage: '--worker-host <address>', what: 'address that --worker-port listens on' },
    what: 'Address that `FOREBAY_WORKER_PORT` listens on',
    trade:
      'Beyond loopback, a kubelet and Prometheus can reach the worker, and so can everybody else on that network: no key is asked for. It shows names of models and rates, and nothing can be changed there.',
  }),
  logLevel: choice({
    env: 'FOREBAY_LOG_LEVEL',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    fallback: 'info',
    flag: { usage: '--log-level <level>', what: 'lowest level of log lines' },
    what: 'Lowest level of log lines on stderr, which are JSON unless stderr is a terminal',
    trade: 'Lower levels log more. `debug` logs every request.',
  }),
};

/** Traces. The names of the variables are those of OpenTelemetry, where it has one. */
export const TRACES = {
  tracesUrl: text({
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    what: 'Collector of traces, such as `http://127.0.0.1:4318`: OTLP over HTTP, as JSON',
    trade:
      'Traces show where the time of a job goes, and cost a little of it. They contain ids of jobs and names of models.',
    unset: 'no traces',
  }),
  tracesHeaders: text({
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    what: 'Headers for the collector: `name=value,name=value`, values percent-encoded',
    trade: 'A hosted collector asks for a key.',
    unset: 'none',
  }),
  tracesService: text({
    env: 'OTEL_SERVICE_NAME',
    fallback: 'forebay',
    what: 'Name of the service in its traces',
    trade: 'Different names keep several services apart.',
  }),
  tracesPercent: count({
    env: 'FOREBAY_TRACES_PERCENT',
    fallback: 100,
    min: 0,
    max: 100,
    what: 'Share of jobs that have traces, in percent',
    trade:
      'Fewer traces cost less, in the service and in the collector. All processes should have the same share.',
  }),
};
