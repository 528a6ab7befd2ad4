/**
 * Measures the cost of the service. The same rows go through HTTP submit, Redis, worker and committed parts, in turns with
 * the ceiling. It also measures how busy the cores are, what each process spends per row, and when the first result
 * arrives.
 */
import { timeResults } from './endtoend/first-result.js';
import { measureJob } from './endtoend/measure-job.js';
import { answersOf, assertSameAnswers } from './endtoend/same-answers.js';
import { inTurns } from './harness/in-turns.js';
import { startService } from './harness/service.js';
import { geometricRatio, median, pairedRatio, percentile } from './harness/statistics.js';
import { stackedByKind } from './harness/subject-charts.js';
import { datasetOf, poolOf } from './harness/subjects.js';
import { manifest } from './harness/workloads.js';
import { modelFolder } from './harness/model-folder.js';
import { startLanes } from './inprocess/lanes.js';
import { ceilingConfig, describe } from './inprocess/tuned.js';

export const name = 'service';
export const title = 'Service against ceiling';
export const proves =
  'How close the service comes to the ceiling, and what each of its processes spends per row.';

const SUBMITS = 20;
/** Rows of the small jobs whose first result is timed. */
const SMALL_JOBS = [1, 64];
/** Stages that add up to a lane's time. Waits of rows are left out, because they cost no lane time. */
const STAGES = ['open', 'decode', 'prepare', 'infer', 'post', 'other', 'idle'];
const ROLES = ['lanes', 'worker', 'api', 'redis', 'launcher'];
/** Above this share of the cores, other programs are worth a note. */
const OTHERS_NOTED = 0.05;

export async function run(context) {
  const found = [];
  for (const subject of context.subjects) found.push(await compare(subject, context));
  return {
    rows: found.flatMap(rowsOf),
    notes: found.flatMap(notesOf),
    charts: [
      ...stackedByKind({
        title: 'CPU by process',
        unit: 'ms CPU per row',
        parts: ROLES,
        bars: found.map(({ subject, service }) => ({
          subject,
          values: ROLES.map((role) => service.at(-1).cpuMsPerRow[role] ?? 0),
        })),
      }),
      ...stackedByKind({
        title: 'Time of the lanes',
        unit: 'ms per row',
        parts: STAGES,
        bars: found.map(({ subject, service }) => ({
          subject,
          values: STAGES.map((stage) => service.at(-1).stages[`${stage}_ms`] ?? 0),
        })),
      }),
    ],
    data: Object.fromEntries(found.map(({ subject, ...data }) => [subject.name, data])),
  };
}

async function compare(subject, { log, runs, quick, seconds }) {
  const { chosen, config } = ceilingConfig(subject);
  const lanes = await startLanes(config, poolOf(subject));
  const probe = await lanes.measure(Math.min(2, seconds / 2)).then(() => lanes.measure(Math.min(3, seconds)));
  const least = Math.ceil(subject.atLeast / (quick ? 2 : 1));
  const count = Math.max(least, Math.round(probe.rate * seconds));
  const { input, roots } = datasetOf(`service-${subject.name}`, subject, count);
  const small = SMALL_JOBS.map((size) => ({
    size,
    ...datasetOf(`first-${subject.name}-${size}`, subject, size),
  }));
  const known = subject.reference && manifest(`known-${subject.name}`, subject.reference.rows());
  const inputs = [...roots, ...small.flatMap((job) => job.roots), ...(known?.roots ?? [])];
  const service = await startService({ models: [modelFolder(subject.name)], inputs });
  try {
    const body = { model: subject.name, input };
    await assertSame({ service, lanes, subject, ...small.at(-1) });
    const accuracy = await accuracyOf(service, subject, known?.input);
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
    const first = await firstResults(service, { subject, small, submits: quick ? 3 : SUBMITS });
    return { subject, ...turns, first, chosen, count, accuracy };
  } finally {
    await Promise.all([service.stop(), lanes.stop()]);
  }
}

async function assertSame({ service: { client }, lanes, subject, size, input }) {
  const { name: model, rows, tolerance } = subject;
  await assertSameAnswers({ client, lanes, body: { model, input }, rows: rows(size), tolerance });
}

/** @returns rows of the table, none if the subject has no reference */
async function accuracyOf({ client }, { name: model, title: label, reference }, input) {
  if (reference === undefined) return [];
  const { metric, ...figure } = reference.figure(
    await answersOf(client, { model, input, options: reference.options }),
  );
  return [{ metric: `${label}: ${metric}`, ...figure }];
}

/** ms until the first result, by rows of the job. */
async function firstResults({ client }, { subject, small, submits }) {
  const found = {};
  for (const { size, input } of small) {
    const times = [];
    for (let i = 0; i <= submits; i++) times.push(await timeResults(client, { model: subject.name, input }));
    // The first job warms caches for the others.
    found[size] = times.slice(1).map((one) => one.firstMs);
  }
  return found;
}

function rowsOf({ subject, ceiling, service, first, accuracy }) {
  const of = (pick) => median(service.map(pick));
  const label = subject.title;
  const rate = of((one) => one.rate);
  const against = (pick, ofCeiling) => {
    const [mine, theirs] = [service.map(pick), ceiling.map(ofCeiling)];
    return { ratio: pairedRatio(mine, theirs).median, interval: geometricRatio(mine, theirs).interval };
  };
  return [
    { metric: `${label}: ceiling`, value: median(ratesOf(ceiling)), unit: 'rows/s' },
    {
      metric: `${label}: service / ceiling`,
      value: rate,
      unit: 'rows/s',
      ...against(
        (one) => one.rate,
        (one) => one.rate,
      ),
      target: subject.target,
    },
    ...(subject.rateTarget === undefined
      ? []
      : [{ metric: `${label}: service`, value: rate, unit: 'rows/s', target: subject.rateTarget }]),
    {
      metric: `${label}: service, from submit to end`,
      value: of((one) => one.wholeRate),
      unit: 'rows/s',
      target: subject.wholeTarget,
    },
    ...(ceiling[0].cpuMsPerRow === null
      ? []
      : [
          {
            metric: `${label}: CPU per row of all processes, service / ceiling`,
            value: of(totalCpu),
            unit: 'ms',
            ...against(totalCpu, (one) => one.cpuMsPerRow),
          },
        ]),
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
      target: subject.firstTarget,
    })),
    {
      metric: `${label}: memory of all processes`,
      value: Math.max(...service.map((one) => one.peakRssMb)),
      unit: 'MB',
    },
    ...accuracy,
  ];
}

function notesOf({ subject, ceiling, service, chosen, count }) {
  const label = subject.title;
  const others = median(service.map((one) => one.others));
  const { ratios } = pairedRatio(ratesOf(service), ratesOf(ceiling));
  const last = service.at(-1);
  const cpu = Object.entries(last.cpuMsPerRow).map(([role, ms]) => `${role} ${ms.toFixed(3)}`);
  const ceilingCpu = ceiling.at(-1).cpuMsPerRow;
  return [
    `${label}: ${count} rows per run; ratios ${ratios.map((one) => one.toFixed(3)).join(', ')}; ceiling with ${describe(chosen)}`,
    `${label}: CPU ms per row: ${cpu.join(', ')}${ceilingCpu === null ? '' : `; ceiling ${ceilingCpu.toFixed(3)}`}; ${last.meanBatchRows} rows per batch`,
    ...(others > OTHERS_NOTED
      ? [`${label}: other programs took ${(others * 100).toFixed(0)} % of the cores meanwhile`]
      : []),
  ];
}

function totalCpu({ cpuMsPerRow }) {
  return Object.values(cpuMsPerRow).reduce((sum, ms) => sum + ms, 0);
}

function ratesOf(runs) {
  return runs.map((one) => one.rate);
}
