/**
 * What each step from a naive script to the service brings, on three workloads: naive (the model loaded for every
 * four rows, rows one by one) > resident > batched > overlapped > lanes > tuned decode > service; for text, length
 * buckets instead of decoding.
 */
import { readResources } from '../dist/workers/settings/resources.js';
import { startCluster } from './cluster/cluster.js';
import { measureJob } from './endtoend/measure-job.js';
import { inTurns, median, pairedRatio } from './harness/measure.js';
import { startService } from './harness/service.js';
import { laneConfigOf, SUBJECTS, textConfig, textRows } from './harness/subjects.js';
import { manifest, modelFolder, textEncoder } from './harness/workloads.js';
import { measureOnce } from './inprocess/lanes.js';
import { ceilingConfig } from './inprocess/tuned.js';

export const name = 'ladder';
export const title = 'Ladder: what each step brings';

const MOST_RUNS = 3;
const NAIVE_BATCH = 4;
const FULL_BATCH = 8;
/** Batches of text that are sorted by length together: of their rows each length has a few. */
const SORTED_BATCHES = 8;
/** Inputs of a text encoder: what people type into a search box, and sentences. As many tokens a batch. */
const TEXTS = [
  { title: 'queries of 4 to 16 tokens', tokens: { from: 4, to: 16 }, batch: 2 * FULL_BATCH },
  { title: 'sentences of 16 to 32 tokens', tokens: { from: 16, to: 32 }, batch: FULL_BATCH },
];
/** One loop in one process; the library's own number of threads, as whoever writes it first has it. */
const ALONE = { lanes: 1, unit: 'process', batch: FULL_BATCH };
/** Roughly, a second, to size jobs. */
const TEXT_ROWS_A_CORE = 60;
const { cpus } = readResources();

const STEPS = {
  naive: { ...ALONE, batch: NAIVE_BATCH, singly: true, reload: true },
  resident: { ...ALONE, singly: true },
  batched: ALONE,
  overlapped: { ...ALONE, ahead: true },
  lanes: { lanes: cpus, unit: 'process', threads: 1, batch: NAIVE_BATCH, ahead: true, sharpThreads: 1 },
};

export async function run(context) {
  const rows = [];
  const charts = [];
  const data = {};
  const photos = ['mobilenetv2', 'resnet50'].map(photoWorkload);
  for (const workload of [...photos, ...TEXTS.map(textWorkload)]) {
    const { found, counts } = await climb(workload, context);
    const steps = Object.keys(found);
    const rates = steps.map((step) => median(found[step]));
    for (const [i, step] of steps.entries()) {
      const gain = i === 0 ? {} : { ratio: pairedRatio(found[step], found[steps[i - 1]]).median };
      rows.push({ metric: `${workload.title}: ${step}`, value: rates[i], unit: 'rows/s', ...gain });
    }
    const all = pairedRatio(found[steps.at(-1)], found.naive).median;
    const metric = `${workload.title}: ${steps.at(-1)} / naive`;
    rows.push({
      metric,
      value: rates.at(-1),
      unit: 'rows/s',
      ratio: all,
      ...(workload.reach && { target: workload.reach }),
    });
    charts.push({
      type: 'bars',
      title: workload.title,
      unit: 'rows/s',
      bars: steps.map((step, i) => ({
        label: step,
        value: rates[i],
        note: i === 0 ? '' : `${(rates[i] / rates[0]).toFixed(1)}x naive`,
      })),
    });
    data[workload.title] = { found, counts };
  }
  const notes = [
    'The ratio of a step is its gain over the step before it.',
    'Text encoder: the service has no task for text yet, so its lanes run a model of the bench (cluster/text-model.js);',
    'submit, queue, worker, batches and committed parts are its own. Naive finds the file in the page cache.',
  ];
  return { rows, charts, notes, data };
}

function photoWorkload(subjectName) {
  const subject = SUBJECTS[subjectName];
  const naive = { ...laneConfigOf(subject), decode: 'sharp' };
  return {
    title: subject.title,
    files: subject.files(200),
    steps: {
      ...Object.fromEntries(Object.entries(STEPS).map(([step, how]) => [step, { ...naive, ...how }])),
      'tuned decode': ceilingConfig(subject).config,
    },
    service: async (seconds) => photosThroughService(subject, seconds),
  };
}

/** Without decoding there is nothing to overlap, nor kernels to tune; but padding to save. */
function textWorkload({ title: rows, tokens, batch }) {
  const { naive, resident } = STEPS;
  const batched = { ...STEPS.batched, batch };
  const lanes = { ...STEPS.lanes, batch, ahead: false };
  const steps = { naive, resident, batched, lanes, 'length buckets': { ...lanes, sorted: SORTED_BATCHES } };
  return {
    title: `Text encoder, 110 M parameters, ${rows}`,
    files: textRows,
    steps: Object.fromEntries(
      Object.entries(steps).map(([step, how]) => [step, { ...textConfig(tokens), ...how }]),
    ),
    service: async (seconds) => textThroughService({ tokens, batch }, seconds),
    reach: '>= 10',
  };
}

async function climb({ title: label, files, steps, service }, { log, runs, seconds }) {
  const counts = {};
  const variants = Object.fromEntries(
    Object.entries(steps).map(([step, config]) => [
      step,
      async () => {
        const { rate, rows } = await measureOnce(config, files, seconds / 2);
        counts[step] = rows;
        return rate;
      },
    ]),
  );
  variants.service = async () => service(seconds);
  const found = await inTurns({
    runs: Math.min(runs, MOST_RUNS),
    variants,
    log: (line) => log(`${label}, ${line}`),
    show: (rate) => `${rate.toPrecision(3)} rows/s`,
  });
  return { found, counts };
}

async function photosThroughService(subject, seconds) {
  const count = Math.max(subject.atLeast, Math.round(subject.roughly * cpus * seconds));
  const { input, roots } = manifest(`ladder-${subject.name}`, subject.files(count));
  const service = await startService({ models: [modelFolder(subject.name)], inputs: roots });
  try {
    const job = { model: subject.name, input };
    // As the other steps: compiled code and warm caches before the figure.
    await measureJob(service, { ...job, options: { limit: Math.min(count, subject.atLeast) } });
    return (await measureJob(service, job)).rate;
  } finally {
    await service.stop();
  }
}

/** Embeddings of small files by one worker, each lane's batch sorted and run in calls of `batch` rows. */
async function textThroughService({ tokens, batch }, seconds) {
  const batchSize = batch * SORTED_BATCHES;
  const cluster = await startCluster({ batchSize, graph: textEncoder(), onDisk: true });
  try {
    await cluster.setWorkers({ count: 1, lanes: cpus, device: { tokens, callRows: batch } });
    const run = async (rows, output) => {
      const { id } = await cluster.submit(await cluster.manifest(rows), output, { block_rows: batchSize });
      return cluster.ended(id);
    };
    await run(cpus * batchSize, 'warm');
    const batches = Math.ceil((TEXT_ROWS_A_CORE * seconds) / batchSize);
    // Of the whole job, from the first block begun: parts of lanes in step, a second apart, tell no steady rate.
    return (await run(cpus * Math.max(4, batches) * batchSize, 'job')).throughput.rows_per_s;
  } finally {
    await cluster.close();
  }
}
