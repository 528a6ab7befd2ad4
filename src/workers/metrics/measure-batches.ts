/** Counts batches and committed blocks by model. Instruments are bound to their labels once per model. */
import { ERROR_CODES, type ErrorCode } from '../../shared/errors.ts';
import type { Events } from '../../shared/observe/events.ts';
import type { Instruments, Metrics } from '../../shared/observe/metrics/instruments.ts';
import { TRITON_METRICS, type WORKER_METRICS } from '../../shared/observe/metrics/worker-metrics.ts';
import type { AnsweredBatch, CommittedBlock } from '../../shared/observe/worker-events.ts';
import { busyMs } from '../lane-pool/busy-ms.ts';
import type { ModelLabels } from './model-names.ts';
import { rowTimesOf } from './row-times.ts';

export function measureBatches(
  metrics: Metrics,
  events: Pick<Events, 'on'>,
  worker: Instruments<typeof WORKER_METRICS>,
  namesOf: (queue: string) => ModelLabels,
): void {
  const triton = metrics.make(TRITON_METRICS);
  const models = new Map<string, ReturnType<typeof bind>>();
  const of = (queue: string) => {
    let found = models.get(queue);
    if (!found) models.set(queue, (found = bind(worker, triton, namesOf(queue))));
    return found;
  };
  events.on('batch.answered', (batch) => of(batch.queue).batch(batch));
  events.on('rows.cached', ({ queue, hits, misses }) => of(queue).cached(hits, misses));
  events.on('block.committed', (block) => of(block.queue).block(block));
}

function bind(
  worker: Instruments<typeof WORKER_METRICS>,
  triton: Instruments<typeof TRITON_METRICS>,
  labels: ModelLabels,
) {
  const { model } = labels;
  const stage = (name: string) => worker.forebay_stage_seconds_total.labels({ model, stage: name });
  const stages = {
    begin: stage('begin'),
    read: stage('read'),
    blocked: stage('blocked'),
    open: stage('open'),
    decode: stage('decode'),
    prepare: stage('prepare'),
    infer: stage('infer'),
    post: stage('post'),
    other: stage('other'),
    write: stage('write'),
    commit: stage('commit'),
  };
  const busy = worker.forebay_lane_busy_seconds_total.labels({ model });
  const bytes = worker.forebay_bytes_read_total.labels({ model });
  const batchRows = worker.forebay_batch_rows.labels({ model });
  const roomRows = worker.forebay_batch_room_rows_total.labels({ model });
  const batchSeconds = worker.forebay_batch_seconds.labels({ model });
  const blocks = worker.forebay_blocks_total.labels({ model });
  const succeeded = worker.forebay_rows_total.labels({ model, outcome: 'succeeded' });
  const failed = worker.forebay_rows_total.labels({ model, outcome: 'failed' });
  const success = triton.nv_inference_request_success.labels(labels);
  const failure = triton.nv_inference_request_failure.labels(labels);
  const count = triton.nv_inference_count.labels(labels);
  const executions = triton.nv_inference_exec_count.labels(labels);
  const requestUs = triton.nv_inference_request_duration_us.labels(labels);
  const queueUs = triton.nv_inference_queue_duration_us.labels(labels);
  const inputUs = triton.nv_inference_compute_input_duration_us.labels(labels);
  const inferUs = triton.nv_inference_compute_infer_duration_us.labels(labels);
  const outputUs = triton.nv_inference_compute_output_duration_us.labels(labels);

  return {
    batch(batch: AnsweredBatch): void {
      const { rows, calls, failed: bad, room, ms, timings } = batch;
      const { readMs, decodeMs, prepareMs, inferMs, postMs, restMs } = timings;
      stages.open.inc(readMs / 1000);
      stages.decode.inc(decodeMs / 1000);
      stages.prepare.inc(prepareMs / 1000);
      stages.infer.inc(inferMs / 1000);
      stages.post.inc(postMs / 1000);
      stages.other.inc(restMs / 1000);
      busy.inc(busyMs(timings) / 1000);
      bytes.inc(timings.bytes);
      const perCall = room / calls;
      for (let left = rows; left > 0; left -= perCall) batchRows.observe(Math.min(left, perCall));
      roomRows.inc(room);
      batchSeconds.observe(ms / 1000);

      success.inc(rows - bad);
      failure.inc(bad);
      count.inc(rows);
      executions.inc(calls);
      const times = rowTimesOf(batch);
      requestUs.inc(times.total * 1000);
      queueUs.inc(times.queue * 1000);
      inputUs.inc(times.input * 1000);
      inferUs.inc(times.infer * 1000);
      outputUs.inc(times.output * 1000);
    },
    cached(hits: number, misses: number): void {
      worker.forebay_cache_rows_total.inc({ model, outcome: 'hit' }, hits);
      worker.forebay_cache_rows_total.inc({ model, outcome: 'miss' }, misses);
    },
    block(block: CommittedBlock): void {
      worker.forebay_block_runs_ended_total.inc({
        outcome: block.outcome === 'counted' ? 'committed' : block.outcome,
      });
      stages.begin.inc(block.times.beginMs / 1000);
      stages.read.inc(block.times.readMs / 1000);
      stages.blocked.inc(block.times.blockedMs / 1000);
      stages.write.inc(block.times.writeMs / 1000);
      stages.commit.inc(block.times.commitMs / 1000);
      if (block.outcome !== 'counted') return;
      blocks.inc();
      succeeded.inc(block.succeeded);
      failed.inc(block.failed);
      for (const [code, rows] of Object.entries(block.errors)) {
        worker.forebay_rows_failed_total.inc({ model, code: known(code) }, rows);
      }
    },
  };
}

/** Codes come from the one table. A predictor or a newer lane could send another one, which must not become a label. */
function known(code: string): string {
  return ERROR_CODES.includes(code as ErrorCode) ? code : 'other';
}
