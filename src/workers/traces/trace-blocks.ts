/** The spans of a worker: each run of a block with its stages, and each batch. */
import type { Events } from '../../shared/observe/events.ts';
import type { SpanExporter } from '../../shared/observe/tracing/span-exporter.ts';
import {
  isSampled,
  jobSpan,
  partSpanId,
  runSpan,
  type RunOfBlock,
  type Span,
} from '../../shared/observe/tracing/span.ts';
import type {
  AnsweredBatch,
  CommittedBlock,
  FailedRun,
  RunTimes,
} from '../../shared/observe/worker-events.ts';

/** `percent`: the share of jobs that have traces. */
export function traceBlocks(
  events: Pick<Events, 'on'>,
  exporter: Pick<SpanExporter, 'add'>,
  percent: number,
): void {
  events.on('block.committed', (block) => {
    if (isSampled(block.job, percent)) for (const span of spansOfRun(block, Date.now())) exporter.add(span);
  });
  events.on('block.run_failed', (failed) => {
    if (isSampled(failed.job, percent)) exporter.add(failedRun(failed, Date.now()));
  });
  events.on('batch.answered', (batch) => {
    const runs = batch.runs().filter(({ job }) => isSampled(job, percent));
    if (runs[0] !== undefined)
      exporter.add(batchSpan(batch, runs as [RunOfBlock, ...RunOfBlock[]], Date.now()));
  });
}

/** The run, the time on the queue before it, and the stages that happen once per run. */
export function spansOfRun(block: CommittedBlock, endMs: number): Span[] {
  const { job, block: number, run, times } = block;
  const root = rootOfRun({ job, block: number }, run, endMs);
  const { traceId, spanId } = root;
  const commitFrom = endMs - times.commitMs;
  const publishFrom = commitFrom - times.writeMs;
  const computeFrom = run.startedAt + times.beginMs;
  const stage = (name: string, startMs: number, end: number, attributes: Span['attributes'] = {}): Span => ({
    traceId,
    spanId: partSpanId(spanId, name),
    parentSpanId: spanId,
    name,
    kind: 'internal',
    startMs,
    endMs: end,
    attributes,
  });
  return [
    {
      ...root,
      attributes: {
        ...root.attributes,
        'forebay.queue': block.queue,
        'forebay.outcome': block.outcome,
        'forebay.rows.succeeded': block.succeeded,
        'forebay.rows.failed': block.failed,
      },
    },
    { ...stage('queue', run.queuedAt, run.startedAt), parentSpanId: root.parentSpanId },
    stage('begin', run.startedAt, computeFrom),
    stage('compute', computeFrom, publishFrom, {
      'forebay.read_ms': times.readMs,
      'forebay.blocked_ms': times.blockedMs,
    }),
    stage('publish', publishFrom, commitFrom),
    stage('commit', commitFrom, endMs),
  ];
}

function failedRun({ job, block, run, error }: FailedRun & { readonly run: RunTimes }, endMs: number): Span {
  return { ...rootOfRun({ job, block }, run, endMs), error };
}

function rootOfRun({ job, block }: { job: string; block: number }, run: RunTimes, endMs: number) {
  return {
    ...runSpan({ job, block, token: run.token }),
    parentSpanId: jobSpan(job).spanId,
    name: 'block',
    kind: 'consumer',
    startMs: run.startedAt,
    endMs,
    attributes: { 'forebay.job': job, 'forebay.block': block },
  } satisfies Span;
}

/** It belongs to the run of its first rows. Runs of its other rows are links. */
export function batchSpan(
  { queue, rows, failed, room, ms, waitedMs, timings }: AnsweredBatch,
  [first, ...others]: readonly [RunOfBlock, ...RunOfBlock[]],
  endMs: number,
): Span {
  const parent = runSpan(first);
  const startMs = endMs - ms;
  return {
    traceId: parent.traceId,
    spanId: partSpanId(parent.spanId, 'batch', startMs, ms, waitedMs),
    parentSpanId: parent.spanId,
    name: 'batch',
    kind: 'internal',
    startMs,
    endMs,
    attributes: {
      'forebay.queue': queue,
      'forebay.rows': rows,
      'forebay.rows.failed': failed,
      'forebay.rows.room': room,
      'forebay.lane_wait_ms': timings.laneWaitMs,
      'forebay.read_ms': timings.readMs,
      'forebay.decode_ms': timings.decodeMs,
      'forebay.prepare_ms': timings.prepareMs,
      'forebay.infer_ms': timings.inferMs,
      'forebay.post_ms': timings.postMs,
    },
    ...(others.length > 0 && { links: others.map(runSpan) }),
  };
}
