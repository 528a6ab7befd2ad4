/**
 * Measures scale without hardware: simulated devices behind real workers, a real Redis and the real API process.
 * Coordination uses blocks of one or four rows and devices that take no time, so it measures only blocks per second.
 * Scaling runs 1 to 64 workers whose devices take LATENCY_MS per batch, and compares them with the ideal rate of those
 * devices.
 */
import { startCluster } from './cluster/cluster.js';
import { measureJob } from './cluster/measure-job.js';
import { noNetworkHosts } from './cluster/network-hosts.js';

export const name = 'scale';
export const title = 'Coordination, and 1 to 64 simulated workers against ideal';
export const proves =
  'How many blocks per second one API and one Redis coordinate, and that 64 workers scale without loss.';

const LATENCY_MS = 200;
const BATCH = 4;
const BATCHES_PER_BLOCK = 4;
const COUNTS = [1, 2, 4, 8, 16, 32, 64];
/** Each of these workers is a process in its own network namespace. */
const COUNTS_APART = [1, 2, 4, 8, 16];
/** One process with many lanes, like a worker. It sends the Redis calls of one event-loop turn together. */
const ONE_WORKER = { count: 1, lanes: 8 };
/** Four workers that each send their own calls. They share one process, because they share the cores anyway. */
const FOUR_WORKERS = { count: 4, lanes: 1 };
/** Time between polls of a coordination job. A poll costs the API as much as several blocks. */
const LOOK_MS = 100;

export async function run({ log, quick, seconds }) {
  const rows = quick ? 2_000 : 1_000 * seconds;
  const coordination = [
    await coordinate(log, { workers: ONE_WORKER, rows, blockRows: 1, onDisk: false }),
    await coordinate(log, { workers: FOUR_WORKERS, rows, blockRows: 1, onDisk: false }),
    await coordinate(log, { workers: ONE_WORKER, rows: rows * 2, blockRows: 4, onDisk: false }),
    await coordinate(log, { workers: ONE_WORKER, rows: rows / 2, blockRows: 1, onDisk: true }),
  ];
  const scaled = await scale(log, quick ? [1, 8] : COUNTS, seconds);
  const reason = noNetworkHosts();
  const apart = reason === null ? await scale(log, quick ? [1, 4] : COUNTS_APART, seconds, true) : [];
  return {
    rows: [
      ...coordinationRows(coordination),
      ...scalingRows(scaled),
      ...apart.map((one) => scaledRow(one, apart)),
    ],
    charts: [scalingChart(scaled), costChart(coordination)],
    notes: [
      'CPU and round trips per block are those of the first line of coordination. The chart has all lines.',
      `Each worker has a device that takes ${LATENCY_MS} ms per batch of ${BATCH} rows. A block has ${BATCHES_PER_BLOCK} batches. 8 workers share a process.`,
      reason ??
        'With one worker per host, each is a process in its own network namespace and reaches Redis over TCP.',
      'Steady is the middle half of the job. The whole job includes its start and its last blocks.',
    ],
    data: { coordination, scaled, apart },
  };
}

function coordinationRows(coordination) {
  const [first] = coordination;
  return [
    ...coordination.flatMap((one) => [
      {
        metric: `coordination, ${one.label}`,
        value: one.blocksPerS,
        unit: 'blocks/s',
        ...(one === first && { target: '>= 2000' }),
      },
      { metric: `steady, ${one.label}`, value: one.steadyBlocksPerS, unit: 'blocks/s' },
    ]),
    ...Object.entries(first.cpuMs).map(([kind, value]) => ({
      metric: `CPU per block, ${kind}`,
      value,
      unit: 'ms',
    })),
    { metric: 'round trips per block', value: first.readsPerBlock, unit: '' },
    { metric: 'Redis commands per block', value: first.commandsPerBlock, unit: '' },
  ];
}

function scalingRows(scaled) {
  const most = scaled.at(-1);
  return [
    ...scaled.map((one) => scaledRow(one, scaled)),
    { metric: `${most.workers} workers, whole job`, value: most.rowsPerS, unit: 'rows/s', ratio: most.whole },
    { metric: `Redis memory at ${most.workers} workers`, value: most.redisMb, unit: 'MB', target: '<= 16' },
  ];
}

function scaledRow(one, all) {
  return {
    metric: `${nameOf(one)}, steady`,
    value: one.steadyRowsPerS,
    unit: 'rows/s',
    ratio: one.efficiency,
    ...(one === all.at(-1) && { target: '>= 0.95' }),
  };
}

function nameOf({ workers, apart }) {
  const what = workers === 1 ? '1 worker' : `${workers} workers`;
  return apart ? `${what}, one per host` : what;
}

function scalingChart(scaled) {
  return {
    type: 'lines',
    title: 'Rows per second of simulated workers',
    x: { label: 'workers', log: true },
    y: { label: 'rows/s', unit: 'rows/s', log: true },
    series: [
      { label: 'ideal', points: scaled.map((one) => [one.workers, one.ideal]) },
      { label: 'measured', points: scaled.map((one) => [one.workers, one.steadyRowsPerS]) },
    ],
  };
}

function costChart(coordination) {
  return {
    type: 'stacked',
    title: 'CPU per block of coordination',
    unit: 'ms',
    parts: ['redis', 'api', 'workers'],
    bars: coordination.map(({ label, cpuMs }) => ({
      label,
      values: [cpuMs.redis, cpuMs.api, cpuMs.workers],
    })),
  };
}

async function coordinate(log, { workers, rows, blockRows, onDisk }) {
  const { count, lanes } = workers;
  const of = count > 1 ? `${count} workers of ${lanes} lane` : `${count} worker of ${lanes} lanes`;
  const parts = onDisk ? 'on disk' : 'in memory';
  const label = `${of}, ${blockRows} row${blockRows > 1 ? 's' : ''} per block, parts ${parts}`;
  const cluster = await startCluster({ batchSize: blockRows, onDisk });
  try {
    await cluster.setWorkers({ ...workers, device: { latencyMs: 0 } });
    const measured = await measureJob(cluster, { rows, blockRows, output: 'job', lookMs: LOOK_MS });
    const steadyBlocksPerS = measured.steadyRowsPerS / blockRows;
    log(`${label}: ${measured.blocksPerS.toFixed(0)} blocks/s, steady ${steadyBlocksPerS.toFixed(0)}`);
    return { label, steadyBlocksPerS, ...measured };
  } finally {
    await cluster.close();
  }
}

async function scale(log, counts, seconds, apart = false) {
  const found = [];
  const cluster = await startCluster({ batchSize: BATCH });
  try {
    for (const workers of counts) {
      const ideal = (workers * BATCH * 1000) / LATENCY_MS;
      const blockRows = BATCH * BATCHES_PER_BLOCK;
      const periodMs = LATENCY_MS * BATCHES_PER_BLOCK;
      // Every worker gets enough blocks to fill the time.
      const rows = workers * blockRows * Math.ceil((seconds * 1000) / periodMs);
      const device = { latencyMs: LATENCY_MS };
      await cluster.setWorkers({ count: workers, device, ...(apart && { apart, perProcess: 1 }) });
      const measured = await measureJob(cluster, { rows, blockRows, output: `job-${workers}`, periodMs });
      const efficiency = measured.steadyRowsPerS / ideal;
      log(
        `${nameOf({ workers, apart })}: ${measured.steadyRowsPerS.toFixed(0)} rows/s, ${efficiency.toFixed(3)} of ideal`,
      );
      found.push({ workers, apart, ideal, efficiency, whole: measured.rowsPerS / ideal, ...measured });
    }
    return found;
  } finally {
    await cluster.close();
  }
}
