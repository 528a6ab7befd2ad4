/** Formats a plan for people: operators, numbers with the constraint that limits each, and the estimate. Pure. */
import type { PlanNumber, PlanRange, PlanWire } from '../../api/http/wire/plan.ts';
import { inCliTerms } from '../cli-terms.ts';
import { table } from '../jobs/table.ts';
import { formatCount, formatCounted, formatRate, formatSeconds } from '../progress/format.ts';
import { deltaCounts } from '../progress/delta-text.ts';
import { formatBytes } from '../../shared/text/bytes.ts';

/** `next`: the command that runs the job. */
export function planText(plan: PlanWire, { next }: { next: string }): string {
  const sections = [
    `${plan.model} (${plan.model_hash.slice(0, 12)}), pool ${plan.pool}: ${rowsText(plan)}\n${deltaText(plan)}`,
    titled('What happens to a row', table(plan.logical.map(({ operator, does }) => ['', operator, does]))),
    titled('Where it happens', stagesText(plan)),
    titled('Not fused', table(plan.physical.not_fused.map((n) => ['', `${n.operator} | ${n.with}`, n.why]))),
    titled('Numbers', numbersText(plan)),
    titled('Estimate', estimateText(plan)),
    ...(plan.warnings.length === 0
      ? []
      : [titled('Note', plan.warnings.map((warning) => `  - ${warning}\n`).join(''))]),
  ].map(inCliTerms);
  return [...sections, titled('Run it', `  ${next}\n`)].join('\n');
}

function titled(title: string, text: string): string {
  return `${title}\n${text}`;
}

function rowsText({ rows }: PlanWire): string {
  if (rows.total !== null) return formatCounted(rows.total, 'row');
  return `at least ${formatCounted(rows.at_least, 'row')} (${rows.why ?? 'not counted'})`;
}

function deltaText({ delta }: PlanWire): string {
  // Older services know no delta jobs.
  if (!delta) return '';
  const counts = deltaCounts(delta, delta.whole ? '' : ' so far');
  // An older service compares only by stamp.
  const atMost = delta.by === 'content' ? 'up to ' : '';
  return `Delta: ${atMost}${counts}${delta.recompute === null ? '' : `\n  all rows are computed: ${delta.recompute}`}\n`;
}

const WHERE = { api: 'API', worker: 'worker', lane: 'lane' } as const;

/** One line per stage. Fused operators are in brackets. */
function stagesText({ physical: { stages } }: PlanWire): string {
  const lines = stages.map(({ where, processes, operators, fused, why }, i) => {
    const names = operators.join(fused ? ' > ' : ', ');
    return [
      ` ${i === 0 ? '┌' : i === stages.length - 1 ? '└' : '├'}`,
      `${WHERE[where]}${processes === null || processes === 1 ? '' : ` x ${processes}`}`,
      fused && operators.length > 1 ? `[${names}]` : names,
      why,
    ];
  });
  // Reasons are long, so each goes below its stage.
  const head = lines.map(([edge, where]) => `${edge} ${where}`);
  const width = Math.max(...head.map((text) => text.length));
  return lines
    .map(([, , names, why], i) => {
      const edge = i === lines.length - 1 ? ' ' : '│';
      return `${head[i]!.padEnd(width)}  ${names}\n ${edge}${' '.repeat(width)}${why}\n`;
    })
    .join('');
}

const NUMBERS: readonly (readonly [keyof PlanWire['numbers'], string])[] = [
  ['batch_size', 'batch size'],
  ['block_rows', 'rows per block'],
  ['lanes', 'lanes'],
  ['threads_per_lane', 'threads per lane'],
  ['decode_threads', 'decode threads per lane'],
  ['batches_per_lane', 'batches per lane'],
  ['reads_at_once', 'reads at once'],
  ['inflight_bytes', 'bytes in flight'],
  ['lanes_fed', 'lanes kept fed'],
  ['job_window', 'job window'],
  ['queue_limit', 'queue limit'],
];

function numbersText({ numbers, memory }: PlanWire): string {
  const rows = NUMBERS.flatMap(([name, label]) => {
    const number: PlanNumber | null = numbers[name];
    if (number === null) return [];
    const value = name === 'inflight_bytes' ? formatBytes(number.value) : formatCount(number.value);
    return [['', label, value, number.bound_by.replaceAll('_', ' '), number.why]];
  });
  if (memory !== null) {
    const batch = memory.batch_bytes === null ? '' : ` + ${formatBytes(memory.batch_bytes)} per batch`;
    const how = memory.measured ? 'measured' : 'not measured: three times the file';
    rows.push(['', 'memory per lane', `${formatBytes(memory.model_bytes)}${batch}`, 'model', how]);
  }
  return table(rows, [2]);
}

const STAGES = ['read', 'decode', 'prepare', 'infer', 'post'] as const;

function estimateText({ estimate, sample, workers }: PlanWire): string {
  const { rows_per_s: rate, eta_s: eta, why } = estimate;
  if (rate === null) return `  none: ${why}\n`;
  const facts = [
    ['', 'speed', `${ranged(rate, formatRate)} rows/s`],
    [
      '',
      'time',
      eta === null ? 'unknown, because the number of rows is not known' : ranged(eta, formatSeconds),
    ],
    ['', 'from', why],
  ];
  if (sample !== null) {
    const bytes = sample.mean_row_bytes === null ? '' : `, ${formatBytes(sample.mean_row_bytes)} each`;
    const rows = `${formatCounted(sample.rows, 'row')}${bytes}, run ${formatPasses(sample.passes)}`;
    const measured = `${formatCount(sample.rows_measured)} measured in ${formatSeconds(sample.seconds)}`;
    facts.push(['', 'sample', `${rows}; ${measured}`]);
    const times = STAGES.map((stage) => `${stage} ${formatMs(sample.stage_ms[stage] ?? 0)}`);
    facts.push(['', 'per row', `${times.join(', ')} (summed over threads)`]);
  }
  if (workers.length > 1) {
    for (const { id, rows_per_s, no_sample } of workers) {
      const text = rows_per_s === null ? (no_sample ?? '-') : `${ranged(rows_per_s, formatRate)} rows/s`;
      facts.push(['', id, text]);
    }
  }
  return table(facts);
}

/** `163 (155 to 171)` */
function ranged({ value, low, high }: PlanRange, text: (n: number) => string): string {
  return low === null || high === null
    ? `about ${text(value)}`
    : `${text(value)} (${text(low)} to ${text(high)})`;
}

function formatPasses(passes: number): string {
  return passes < 1.5 ? 'once' : `${formatCount(Math.round(passes))} times`;
}

function formatMs(ms: number): string {
  return `${ms >= 10 ? ms.toFixed(0) : ms.toFixed(ms >= 0.1 ? 1 : 2)} ms`;
}
