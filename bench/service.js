/**
 * The same rows through HTTP submit, Redis, worker and committed parts, in turns with the ceiling: what the
 * service costs. Also how busy it keeps the cores, what each process spends a row, and the first result's delay.
 */
import { timeResults } from './endtoend/first-result.js';
import { measureJob } from './endtoend/measure-job.js';
import { inTurns, median, pairedRatio, percentile } from './harness/measure.js';
import { startService } from './harness/service.js';
import { SUBJECTS } from './harness/subjects.js';
import { manifest, modelFolder } from './harness/workloads.js';
import { startLanes } from './inprocess/lanes.js';
import { ceilingConfig, describe } from './inprocess/tuned.js';

export const name = 'service';
export const title = 'Service against ceiling';

const SUBMITS = 20;
/** Rows of the jobs whose first result is waited for. */
const SMALL_JOBS = [1, 64];
/** Of the lanes' own time: they add up to it. Waits are left out, they are no cost. */
const STAGES = ['open', 'decode', 'prepare', 'infer', 'post', 'other', 'idle'];
const ROLES = ['lanes', 'worker', 'api', 'redis', 'launcher'];

export async function run(context) {
  const rows = [];
  const charts = [];
  const notes = [];
  const data = {};
  const spent = [];
  const stages = [];
  for (const subject of Object.values(SUBJECTS)) {
    const found = await compare(subject, context);
    rows.push(...found.rows);
    notes.push(...found.notes);
    data[subject.name] = found.data;
    spent.push({ label: subject.title, values: ROLES.map((role) => found.spent[role] ?? 0) });
    stages.push({ label: subject.title, values: STAGES.map((stage) => found.stages[`${stage}_ms`] ?? 0) });
  }
  const pairs = [
    ['photos', 0, 2],
    ['digits', 2, 4],
  ];
  for (const [kind, from, to] of pairs) {
    charts.push(
      {
        type: 'stacked',
        title: `CPU by process, ${kind}`,
        unit: 'ms CPU a row',
        parts: ROLES,
        bars: spent.slice(from, to),
      },
      {
        type: 'stacked',
        title: `Time of the lanes, ${kind}`,
        unit: 'ms a row',
        parts: STAGES,
        bars: stages.slice(from, to),
      },
    );
  }
  return { rows, charts, notes, data };
}

async function compare(subject, { log, runs, quick, seconds }) {
  const { chosen, config } = ceilingConfig(subject);
  const some = subject.files(400);
  const model = modelFolder(subject.name);
  const lanes = await startLanes(config, some);
  const probe = await lanes.measure(Math.min(2, seconds / 2)).then(() => lanes.measure(Math.min(3, seconds)));
  const least = Math.ceil(subject.atLeast / (quick ? 2 : 1));
  const count = Math.max(least, Math.round(probe.rate * seconds));
  const { input, roots } = manifest(`service-${subject.name}`, subject.files(count));
  // Small sets may lie in a folder of their own.
  for (const size of SMALL_JOBS)
    roots.push(...manifest(`first-${subject.name}-${size}`, subject.files(size)).roots);
  const service = await startService({ models: [model], inputs: roots });
  try {
    const body = { model: subject.name, input };
    await measureJob(service, { ...body, options: { limit: least } });
    const turns = await inTurns({
      runs,
      log: (line) => log(`${subject.name}, ${line}`),
      show: (one) => `${one.rate.toFixed(1)} rows/s`,
      variants: {
        ceiling: async () => lanes.measure(seconds),
        service: async () => measureJob(service, body),
      },
    });
    const first = await firstResults(service, subject, quick ? 3 : SUBMITS);
    return figures(subject, { ...turns, first, chosen, count });
  } finally {
    await Promise.all([service.stop(), lanes.stop()]);
  }
}

async function firstResults({ client }, subject, submits) {
  const found = {};
  for (const size of SMALL_JOBS) {
    const { input } = manifest(`first-${subject.name}-${size}`, subject.files(size));
    const times = [];
    for (let i = 0; i <= submits; i++) times.push(await timeResults(client, { model: subject.name, input }));
    // The very first opens what later ones find open.
    found[size] = times.slice(1).map((one) => one.firstMs);
  }
  return found;
}

function figures(subject, { ceiling, service, first, chosen, count }) {
  const of = (pick) => median(service.map(pick));
  const ratio = pairedRatio(
    service.map((one) => one.rate),
    ceiling.map((one) => one.rate),
  );
  const digits = subject.name.startsWith('digits');
  const fast = subject.name === 'digits-small-fast';
  const label = subject.title;
  const rows = [
    { metric: `${label}: ceiling`, value: median(ceiling.map((one) => one.rate)), unit: 'rows/s' },
    {
      metric: `${label}: service / ceiling`,
      value: of((one) => one.rate),
      unit: 'rows/s',
      ratio: ratio.median,
      target: subject.reach,
    },
    ...(digits
      ? [
          {
            metric: `${label}: service`,
            value: of((one) => one.rate),
            unit: 'rows/s',
            ...(fast && { target: '>= 3000' }),
          },
        ]
      : []),
    { metric: `${label}: service, from submit to end`, value: of((one) => one.wholeRate), unit: 'rows/s' },
    {
      metric: `${label}: cores busy in steady state`,
      value: of((one) => one.utilisation),
      unit: '',
      target: '>= 0.95',
    },
    ...Object.entries(first).map(([size, times]) => ({
      metric: `${label}: first result of a job of ${size}, p50 of ${times.length}`,
      value: percentile(times, 0.5),
      unit: 'ms',
      target: '< 150',
    })),
    {
      metric: `${label}: memory of all processes`,
      value: Math.max(...service.map((one) => one.peakRssMb)),
      unit: 'MB',
    },
  ];
  const others = of((one) => one.others);
  const last = service.at(-1);
  const cpu = Object.entries(last.cpuMsPerRow).map(([role, ms]) => `${role} ${ms.toFixed(3)}`);
  const ceilingCpu = ceiling.at(-1).cpuMsPerRow;
  const notes = [
    `${label}: ${count} rows a run; ratios ${ratio.ratios.map((one) => one.toFixed(3)).join(', ')}; ceiling with ${describe(chosen)}`,
    `${label}: CPU ms a row: ${cpu.join(', ')}${ceilingCpu === null ? '' : `; ceiling ${ceilingCpu.toFixed(3)}`}; ${last.meanBatchRows} rows a batch`,
    ...(others > 0.05
      ? [`${label}: other programs took ${(others * 100).toFixed(0)} % of the cores meanwhile`]
      : []),
  ];
  return {
    rows,
    notes,
    spent: last.cpuMsPerRow,
    stages: last.stages,
    data: { ceiling, service, first, chosen, count, ratio },
  };
}
