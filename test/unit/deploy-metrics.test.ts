// Every query of deploy/ parses, and uses only metrics and labels that exist.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { MetricKind } from '#forebay/shared/observe/metrics/metric-kind.js';
import { METRIC_TABLES } from '#forebay/shared/observe/metrics/metric-tables.js';

const at = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));

interface Rules {
  readonly groups: { readonly rules: { readonly record?: string; readonly expr: string }[] }[];
}
interface Panel {
  readonly title: string;
  readonly targets?: { readonly expr: string }[];
}

const rules = (parse(readFileSync(at('prometheus/rules.yml'), 'utf8')) as Rules).groups.flatMap(
  (group) => group.rules,
);
const dashboards = readdirSync(at('grafana')).map(
  (name) => JSON.parse(readFileSync(at(`grafana/${name}`), 'utf8')) as { panels: Panel[] },
);
const panels = dashboards.flatMap((dashboard) => dashboard.panels.filter(({ targets }) => targets));

/** Grafana puts values in place of its variables. */
const filled = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$\{?\w+\}?/g, 'value');
const queries = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets }) => targets!.map(({ expr }) => filled(expr))),
];

/** The labels of every series: of a declared metric, or of one that Prometheus or prom-client makes. */
const series = new Map<string, readonly string[]>([
  ['up', []],
  ['process_cpu_seconds_total', []],
  ['nodejs_eventloop_lag_p99_seconds', []],
]);
for (const [name, { type, labels }] of Object.entries<MetricKind>(
  Object.assign({}, ...Object.values(METRIC_TABLES)),
)) {
  if (type !== 'histogram') series.set(name, labels);
  else for (const end of ['sum', 'count', 'bucket']) series.set(`${name}_${end}`, [...labels, 'le']);
}
for (const { record } of rules) if (record !== undefined) series.set(record, ['model']);

/** What is wrong with a query. */
function problemsOf(query: string): string[] {
  const problems: string[] = [];
  const labels: string[] = [];
  const names: string[] = [];
  parser.parse(query).iterate({
    enter({ type, from, to }) {
      const text = query.slice(from, to);
      if (type.isError) problems.push(`syntax error at ${from}`);
      else if (type.name === 'LabelName') labels.push(text);
      else if (type.name === 'Identifier') names.push(text);
    },
  });
  const known = names.flatMap((name) => series.get(name) ?? []);
  problems.push(...names.filter((name) => !series.has(name)).map((name) => `no metric ${name}`));
  const given = [...known, 'job', 'instance'];
  problems.push(...labels.filter((label) => !given.includes(label)).map((label) => `no label ${label}`));
  return problems;
}

describe('the rules and dashboards', () => {
  it.each(queries)('have a query that parses, of metrics and labels that exist: %s', (query) => {
    expect(problemsOf(query)).toEqual([]);
  });

  it('would be caught with a typing error', () => {
    expect(problemsOf('sum(rate(forebay_rows_total[1m])')).toContainEqual(expect.stringContaining('syntax'));
    expect(problemsOf('forebay_row_total')).toEqual(['no metric forebay_row_total']);
    expect(problemsOf('sum by (modell) (forebay_rows_total)')).toEqual(['no label modell']);
    expect(problemsOf('forebay_rows_total{mode="a"}')).toEqual(['no label mode']);
  });

  it('show every metric of a worker and of the service, or the reason for its absence is here', () => {
    const all = queries.join('\n');
    const unused = Object.keys({
      ...METRIC_TABLES['A worker'],
      ...METRIC_TABLES['The whole service, from an API process'],
    });
    expect(unused.filter((name) => !all.includes(name))).toEqual([
      // Parts of a sum that another panel shows.
      'forebay_block_runs_ended_total',
      'forebay_bytes_read_total',
      // One worker at a time. forebay_workers_draining counts those that drain.
      'forebay_worker_state',
      'forebay_model_load_seconds_total',
      'forebay_inflight_bytes',
      'forebay_inflight_limit_bytes',
      'forebay_jobs_rows_per_second',
      'forebay_pool_lanes',
      'forebay_pool_model_lanes',
    ]);
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined;
  it.skipIf(!promtool)('pass promtool (skipped without it: apt-get install prometheus)', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'config', at('prometheus/prometheus.yml')], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
