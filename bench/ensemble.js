/**
 * Compares an ensemble of two models, as one job, with two jobs of one model each. The models decode in the same way, so
 * the ensemble opens, reads and decodes each image once. Both ways read the same rows and take turns.
 */
import { answersOf } from './endtoend/same-answers.js';
import { inTurns } from './harness/in-turns.js';
import { modelFolder } from './harness/model-folder.js';
import { difference } from './harness/same-values.js';
import { finished, startService } from './harness/service.js';
import { geometricRatio, median, pairedRatio } from './harness/statistics.js';
import { digits, manifest, photos, repeated } from './harness/workloads.js';
import { cpuByRole, totalOf } from './online/run-clients.js';
import { bigPhotos } from './peers/big-photos.js';

export const name = 'ensemble';
export const title = 'An ensemble of two models against two jobs';
export const proves =
  'How much time and CPU an ensemble of two models saves against one job for each, if both decode the same image.';
export const defaults = { runs: 3, seconds: 4, quick: { runs: 1, seconds: 1 } };

const DIGITS = ['digits-small', 'digits-large'];
const PHOTOS = ['mobilenetv2', 'mobilenetv2-int8'];
/** Rows whose answers are compared. */
const COMPARED = 24;
/** Answers have 6 or 7 digits, and the last ones depend on which rows share a model call. */
const TOLERANCE = 1e-4;

export async function run({ log, runs, seconds }) {
  const subjects = [
    { label: 'digits', models: DIGITS, files: digits(5000), atLeast: 5000 },
    { label: 'photos of 0.2 MP', models: PHOTOS, files: photos(200), atLeast: 256 },
    { label: 'photos of 6 to 12 MP', models: PHOTOS, files: await bigPhotos(), atLeast: 48 },
  ];
  const service = await startService({
    models: [...DIGITS, ...PHOTOS].map((model) => modelFolder(model)),
    inputs: manifest(
      'ensemble',
      subjects.flatMap(({ files }) => files),
    ).roots,
  });
  const found = [];
  try {
    for (const subject of subjects) found.push(await compareWays(service, subject, { log, runs, seconds }));
  } finally {
    await service.stop();
  }
  return { rows: found.flatMap(rowsOf), notes: found.map(noteOf), data: found };
}

async function compareWays(service, { label, models, files, atLeast }, { log, runs, seconds }) {
  const inputOf = (count) => manifest(`ensemble-${count}`, repeated(files, count)).input;
  const both = {
    pipeline: { ensemble: { combine: 'all', members: models.map((model) => ({ model })) } },
  };
  const ways = { ensemble: [both], jobs: models.map((model) => ({ model })) };
  await assertSameAnswers(service.client, both, models, inputOf(COMPARED));
  const warm = inputOf(atLeast);
  await runJobs(service, ways.jobs, warm);
  await runJobs(service, ways.ensemble, warm);
  // The first job also compiles code, so the second one sizes the measured ones.
  const { wallS } = await runJobs(service, ways.ensemble, warm);
  const count = Math.max(atLeast, Math.round((atLeast / wallS) * seconds));
  const input = inputOf(count);
  const turns = await inTurns({
    runs,
    log: (text) => log(`${label}, ${text}`),
    show: (one) => `${one.wallS.toFixed(2)} s, ${one.cpuS.toFixed(2)} s of CPU`,
    variants: Object.fromEntries(
      Object.entries(ways).map(([way, bodies]) => [way, async () => runJobs(service, bodies, input)]),
    ),
  });
  return { label, models, count, turns };
}

/** Runs jobs one after the other. @returns the sum of their times from submit to end, and the CPU of all processes */
async function runJobs({ client, pid }, bodies, input) {
  const before = totalOf(cpuByRole(pid));
  let wallS = 0;
  for (const body of bodies) {
    const submitted = Date.now();
    const job = await finished(client, (await client.submit({ ...body, input })).id);
    wallS += (Date.parse(job.finished_at) - submitted) / 1000;
  }
  return { wallS, cpuS: totalOf(cpuByRole(pid)) - before };
}

/** Throws Error unless the ensemble answers each row as its models do by themselves. */
async function assertSameAnswers(client, both, models, input) {
  const together = await answersOf(client, { ...both, input });
  for (const [at, model] of models.entries()) {
    for (const [row, { predictions }] of (await answersOf(client, { model, input })).entries()) {
      const differs = difference({ model, predictions }, together[row].answers[at], TOLERANCE);
      if (differs !== null) throw new Error(`${model}, row ${row}: job and ensemble differ at ${differs}`);
    }
  }
}

/** One figure per turn, of the two jobs and of the ensemble. A ratio compares them pair by pair. */
const pairsOf = ({ ensemble, jobs }, pick) => [jobs.map(pick), ensemble.map(pick)];

function rowsOf({ label, count, turns }) {
  const compare = (metric, pick) => {
    const pairs = pairsOf(turns, pick);
    const { interval } = geometricRatio(...pairs);
    return {
      metric: `${label}: ${metric}`,
      value: null,
      unit: '',
      ratio: pairedRatio(...pairs).median,
      interval,
    };
  };
  return [
    {
      metric: `${label}: ensemble`,
      value: count / median(turns.ensemble.map((one) => one.wallS)),
      unit: 'rows/s',
    },
    { ...compare('time of two jobs / of the ensemble', (one) => one.wallS), target: '>= 1.25' },
    compare('CPU of two jobs / of the ensemble', (one) => one.cpuS),
  ];
}

function noteOf({ label, models, count, turns }) {
  const [time, cpu] = ['wallS', 'cpuS'].map((field) => {
    const { low, high } = pairedRatio(...pairsOf(turns, (one) => one[field]));
    return `${low.toFixed(2)} to ${high.toFixed(2)}`;
  });
  return `${label}: ${models.join(' and ')}, ${count} rows per run; the pairs have ${time} in time and ${cpu} in CPU`;
}
