/** The figures of a load test, as JSON and as a table with bars. Pure. */
import { table } from '../jobs/table.ts';
import { formatCount, formatCounted, formatRate } from '../progress/format.ts';
import type { LoadReport } from './run-load.ts';

const SHARES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, max: 1 } as const;
type Share = keyof typeof SHARES;

export interface LoadSummary {
  /** Requests per second that were asked for. */
  readonly rate?: number;
  readonly clients?: number;
  readonly requests: number;
  readonly answered_per_s: number;
  /** Error codes and how often each came. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of requests with a result. Null: there are none. */
  readonly latency_ms: Readonly<Record<Share, number>> | null;
}

export function summariseLoad({ load, answers, seconds }: LoadReport): LoadSummary {
  const good = answers.filter(({ error }) => error === null);
  const sorted = Float64Array.from(good, ({ ms }) => ms).toSorted();
  const errors: Record<string, number> = {};
  for (const { error } of answers) if (error !== null) errors[error] = (errors[error] ?? 0) + 1;
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!);
  return {
    ...('rate' in load ? { rate: load.rate } : { clients: load.clients }),
    requests: answers.length,
    answered_per_s: round(good.length / seconds),
    errors,
    latency_ms:
      good.length === 0
        ? null
        : (Object.fromEntries(Object.entries(SHARES).map(([name, share]) => [name, at(share)])) as Record<
            Share,
            number
          >),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

const BAR = 24;

/** A line for each load. The bar shows the 99th percentile, with the median in darker blocks. */
export function loadText(summaries: readonly LoadSummary[]): string {
  const most = Math.max(...summaries.map(({ latency_ms }) => latency_ms?.p99 ?? 0));
  const head = ['load', 'requests', 'answers/s', 'p50 ms', 'p90', 'p99', 'p99.9', 'max', 'p50 and p99'];
  const rows = summaries.map((summary) => {
    const { rate, clients, requests, answered_per_s, latency_ms } = summary;
    const load = rate === undefined ? formatCounted(clients ?? 0, 'client') : `${rate}/s`;
    const figures = Object.keys(SHARES).map((name) => formatMs(latency_ms?.[name as Share]));
    const bar = latency_ms === null ? '' : barOf(latency_ms.p50 / most, latency_ms.p99 / most);
    return [load, formatCount(requests), formatRate(answered_per_s), ...figures, bar];
  });
  const failed = summaries.flatMap(({ errors, rate, clients }) =>
    Object.entries(errors).map(([code, count]) => `${formatCount(count)} x ${code} at ${rate ?? clients}\n`),
  );
  return table([head, ...rows], [1, 2, 3, 4, 5, 6, 7]) + failed.join('');
}

function formatMs(ms: number | undefined): string {
  return ms === undefined ? '-' : ms.toFixed(ms < 100 ? 1 : 0);
}

function barOf(dark: number, light: number): string {
  const [first, all] = [dark, light].map((share) => Math.round(share * BAR));
  return '█'.repeat(first!) + '░'.repeat(Math.max(0, all! - first!));
}
