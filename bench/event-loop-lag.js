/**
 * Checks that a worker's main thread stays free while ResNet-50 batches saturate every core (INV-9). Reads the
 * event-loop lag of each heartbeat and the number of failed runs.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './harness/statistics.js';
import { startService } from './harness/service.js';
import { modelFolder } from './harness/model-folder.js';
import { manifest, photos } from './harness/workloads.js';

export const name = 'event-loop-lag';
export const title = 'Event-loop lag of the worker while its lanes saturate the cores';
export const proves = "That a worker's main thread stays responsive while its lanes use every core.";

/** The interval between a worker's heartbeats. */
const BEAT_MS = 2000;

export async function run({ log, seconds }) {
  const rows = manifest('event-loop-lag', photos(20_000));
  const service = await startService({ models: [modelFolder('resnet50')], inputs: rows.roots });
  try {
    const { client } = service;
    const job = await client.submit({
      model: 'resnet50',
      input: rows.input,
      options: { batch_size: 16 },
    });
    const lags = [];
    for (const until = Date.now() + 2 * seconds * 1000; Date.now() < until || lags.length === 0;) {
      await delay(BEAT_MS);
      const { workers } = await client.stats(job.id);
      if ((await client.job(job.id)).rows.succeeded > 0) lags.push(...workers.map((one) => one.lag_p99_ms));
    }
    const { throughput } = await client.job(job.id);
    const stats = await client.stats(job.id);
    await client.cancel(job.id);
    const call = stats.stages.infer_ms / stats.batches;
    log(
      `${throughput.rows_per_s} rows/s in batches of ${stats.mean_batch_rows}, ${call.toFixed(0)} ms per call`,
    );
    return {
      rows: [
        {
          metric: 'lag of the main thread, p99 of 2 s, median',
          value: median(lags),
          unit: 'ms',
          target: '< 20',
        },
        { metric: 'lag of the main thread, p99 of 2 s, worst', value: Math.max(...lags), unit: 'ms' },
        { metric: 'mean time of a model call', value: call, unit: 'ms' },
        { metric: 'failed runs', value: stats.queue.depth.failed, unit: '', target: '<= 0' },
      ],
      notes: stats.last_run_error === null ? [] : [`last run error: ${stats.last_run_error}`],
    };
  } finally {
    await service.stop();
  }
}
