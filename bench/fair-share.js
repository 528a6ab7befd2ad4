/**
 * Measures how jobs share the workers. API processes, Redis and workers are real, and devices are simulated. Each
 * figure has its own service, with two API processes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from './cluster/cluster.js';

export const name = 'fair-share';
export const title = 'Equal jobs, one tenant beside another, and an urgent job beside huge ones';
export const proves =
  "That equal jobs end together, that ten jobs of one tenant do not starve another tenant's, and that an urgent job starts at once.";
export const defaults = { runs: 1, seconds: 8, quick: { runs: 1, seconds: 3 } };

const BATCH = 4;
const LATENCY_MS = 20;
const WORKERS = { count: 2, lanes: 2 };
/** Rows per second of all devices. */
const RATE = (WORKERS.count * WORKERS.lanes * BATCH * 1000) / LATENCY_MS;
const BLOCK = 4 * BATCH;
/** Devices work this long on a batch of the jobs beside the urgent one. A block of theirs has 16 batches. */
const SLOW_MS = 500;
const [A, B] = ['a', 'b'];

export async function run({ log, seconds }) {
  const measured = async (label, options, measure) => {
    const found = await withCluster(options, async (cluster) => measure(cluster, seconds));
    log(`${label}: ${JSON.stringify(found)}`);
    return found;
  };
  const equal = await measured('two equal jobs', {}, equalJobs([BLOCK, BLOCK]));
  const blocks = await measured('blocks of 32 and 8 rows', {}, equalJobs([2 * BLOCK, BLOCK / 2]));
  const tenants = await measured('ten jobs beside one', {}, tenTo1);
  const models = ['m1', 'm2', 'm3', 'm4'];
  const across = await measured('three models beside one', { models }, threeModelsTo1);
  const urgent = await measured('an urgent job', { latencyMs: SLOW_MS }, urgentJob);
  return {
    rows: [
      row('two equal jobs: rows that one lacks when the other ends', equal.apart, '', '<= 0.1'),
      row('two equal jobs: greatest lead of one', equal.lead, '', ''),
      row('blocks of 32 and 8 rows: rows that one lacks when the other ends', blocks.apart, '', '<= 0.1'),
      row('blocks of 32 and 8 rows: greatest lead of one', blocks.lead, '', ''),
      row('share of a job beside ten of another tenant', tenants, '', '>= 0.45'),
      row('share of a job beside three models of another tenant', across, '', '>= 0.45'),
      row('urgent job: in a worker after', urgent.takenS, 's', '<= 2'),
      row('urgent job: first rows after', urgent.firstRowsS, 's', ''),
    ],
    charts: [],
    notes: [
      'Rows of equal jobs are shares of all rows of a job. They count from when both run, by the times of commits.',
      `4 lanes whose devices take ${LATENCY_MS} ms per batch of ${BATCH} rows. Blocks have ${BLOCK} rows.`,
      `Beside the urgent job, eight others have all slots, batches of ${SLOW_MS} ms and blocks of 16 batches.`,
    ],
    data: { equal, blocks, tenants, across, urgent },
  };
}

function row(metric, value, unit, target) {
  return { metric, value, unit, ...(target !== '' && { target }) };
}

async function withCluster({ latencyMs = LATENCY_MS, models }, measure) {
  const cluster = await startCluster({
    batchSize: BATCH,
    apis: 2,
    tenants: [A, B],
    ...(models && { models }),
  });
  try {
    await cluster.setWorkers({ ...WORKERS, device: { latencyMs } });
    return await measure(cluster);
  } finally {
    await cluster.close();
  }
}

const doneOf = (job) => job.rows.succeeded;

async function look(cluster, jobs) {
  return Promise.all(jobs.map(async ({ id }) => cluster.job(id)));
}

async function until(cluster, jobs, is) {
  for (;;) {
    const now = await look(cluster, jobs);
    if (is(now)) return now;
    await delay(20);
  }
}

/**
 * Submits two jobs with equally many rows. Returns by how many rows they are apart when the first one ends, and the
 * greatest lead of one before that. Both are shares of a job's rows. What the first one got before both ran is left out:
 * a busy machine may take a second between two submits.
 */
function equalJobs(blockRows) {
  return async (cluster, seconds) => {
    const rows = (RATE * seconds) / 2;
    const input = await cluster.manifest(rows);
    const jobs = await Promise.all(
      blockRows.map(async (block_rows, i) => cluster.submit(input, `job-${i}`, { block_rows })),
    );
    await Promise.all(jobs.map(async ({ id }) => cluster.ended(id)));
    const [a, b] = await Promise.all(jobs.map(async ({ id }) => courseOf(await cluster.events(id))));
    const began = Math.max(a.ranAt, b.ranAt);
    const ended = Math.min(a.timeOf(rows), b.timeOf(rows));
    const leadAt = (at) => Math.abs(a.rowsAt(at) - a.rowsAt(began) - (b.rowsAt(at) - b.rowsAt(began))) / rows;
    const times = [...a.times, ...b.times].filter((at) => at >= began && at <= ended);
    return { apart: leadAt(ended), lead: Math.max(...times.map(leadAt)) };
  };
}

/** The progress of a job over time, from its events. */
function courseOf(events) {
  const commits = events.flatMap(({ type, at, data }) =>
    type === 'progress' ? [{ at, rows: data.rows.succeeded }] : [],
  );
  return {
    ranAt: events.find(({ type, data }) => type === 'status' && data.status === 'running').at,
    times: commits.map(({ at }) => at),
    rowsAt: (time) => commits.findLast(({ at }) => at <= time)?.rows ?? 0,
    timeOf: (rows) => commits.find((commit) => commit.rows >= rows).at,
  };
}

/** The share of all rows that the second tenant's job gets, from its first row on. */
async function shareOfOne(cluster, seconds, others, one) {
  await until(cluster, [one], ([job]) => doneOf(job) > 0);
  const before = await look(cluster, [one, ...others]);
  await delay(seconds * 1000);
  const after = await look(cluster, [one, ...others]);
  const rows = after.map((job, i) => doneOf(job) - doneOf(before[i]));
  return rows[0] / rows.reduce((sum, n) => sum + n, 0);
}

async function tenTo1(cluster, seconds) {
  const input = await cluster.manifest(RATE * (seconds + 10));
  const options = { block_rows: BLOCK };
  const many = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => cluster.submit(input, `a-${i}`, options, { tenant: A })),
  );
  await until(cluster, many, (jobs) => jobs.every((job) => doneOf(job) > 0));
  const one = await cluster.submit(input, 'b', options, { tenant: B });
  return shareOfOne(cluster, seconds, many, one);
}

async function threeModelsTo1(cluster, seconds) {
  const input = await cluster.manifest(RATE * (seconds + 10));
  const options = { block_rows: BLOCK };
  const submit = async (model, tenant) => cluster.submit(input, model, options, { model, tenant });
  const many = await Promise.all(['m1', 'm2', 'm3'].map(async (model) => submit(model, A)));
  return shareOfOne(cluster, seconds, many, await submit('m4', B));
}

async function urgentJob(cluster) {
  const input = await cluster.manifest(100_000);
  const small = await cluster.manifest(2 * BATCH);
  const huge = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => cluster.submit(input, `huge-${i}`, { block_rows: 16 * BATCH })),
  );
  await until(cluster, huge, (jobs) => jobs.every((job) => job.blocks.queued + job.blocks.running > 0));
  await delay(2 * SLOW_MS);
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const urgent = await cluster.submit(small, 'urgent', { block_rows: BLOCK, priority: 1 });
  await until(cluster, [urgent], ([job]) => job.blocks.running + job.blocks.done > 0);
  const takenS = since();
  await until(cluster, [urgent], ([job]) => doneOf(job) > 0);
  return { takenS, firstRowsS: since() };
}
