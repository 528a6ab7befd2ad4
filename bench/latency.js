/** Measures how soon small jobs get their first result when several are submitted at once. Models are resident. */
import { timeResults } from './endtoend/first-result.js';
import { percentile } from './harness/statistics.js';
import { startService } from './harness/service.js';
import { SUBJECTS } from './harness/subjects.js';
import { modelFolder } from './harness/model-folder.js';
import { manifest } from './harness/workloads.js';

export const name = 'latency';
export const title = 'First result against concurrent small jobs';
export const proves = 'How soon a small job gets its first result when up to 16 are submitted at once.';

const AT_ONCE = [1, 2, 4, 8, 16];
const ROWS = 8;
const SAMPLES = 32;
const MODELS = ['mobilenetv2', 'digits-small'];

export async function run({ log, quick }) {
  const jobs = MODELS.map((model) => ({
    model,
    ...manifest(`latency-${model}`, SUBJECTS[model].rows(ROWS)),
  }));
  const service = await startService({
    models: MODELS.map((model) => modelFolder(model)),
    inputs: jobs.flatMap((job) => job.roots),
  });
  const rows = [];
  const series = [];
  const data = {};
  try {
    for (const { model, input } of jobs) {
      const { title: subject } = SUBJECTS[model];
      const medians = { label: `${subject}, median`, points: [] };
      const slow = { label: `${subject}, 95th percentile`, points: [] };
      for (const atOnce of AT_ONCE) {
        const times = await sample(service.client, { model, input }, atOnce, quick ? atOnce : SAMPLES);
        const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
        log(`${subject}, ${atOnce} at once: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
        medians.points.push([atOnce, p50]);
        slow.points.push([atOnce, p95]);
        const metric = `${subject}: first result, ${atOnce} jobs of ${ROWS} rows at once, p50 of ${times.length}`;
        rows.push({ metric, value: p50, unit: 'ms', ...(atOnce === 1 && { target: '< 150' }) });
        data[`${model} ${atOnce}`] = times;
      }
      series.push(medians, slow);
    }
  } finally {
    await service.stop();
  }
  const chart = {
    type: 'lines',
    title: `Time to the first result of a job of ${ROWS} rows`,
    x: { label: 'jobs submitted at once', log: true },
    y: { label: 'ms', unit: 'ms' },
    series,
  };
  return { rows, charts: [chart], data };
}

async function sample(client, body, atOnce, least) {
  const times = [];
  await timeResults(client, body);
  while (times.length < least) {
    const round = await Promise.all(Array.from({ length: atOnce }, async () => timeResults(client, body)));
    times.push(...round.map((one) => one.firstMs));
  }
  return times;
}
