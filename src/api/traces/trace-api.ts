/** The spans of an API process: each job from submit to end, and each request. */
import type { Events } from '../../shared/observe/events.ts';
import type { SpanExporter } from '../../shared/observe/tracing/span-exporter.ts';
import { isSampled, jobSpan, partSpanId } from '../../shared/observe/tracing/span.ts';
import { callerSpan } from '../../shared/observe/tracing/trace-context.ts';

/** `percent`: of the jobs that have traces. A request has a span if its caller records one. */
export function traceApi(
  events: Pick<Events, 'on'>,
  exporter: Pick<SpanExporter, 'add'>,
  percent: number,
): void {
  events.on('job.ended', ({ job, model, status, succeeded, failed, submitted_at, error }) => {
    if (!isSampled(job, percent)) return;
    exporter.add({
      ...jobSpan(job),
      name: 'job',
      kind: 'server',
      startMs: submitted_at,
      endMs: Date.now(),
      attributes: {
        'forebay.job': job,
        'forebay.model': model,
        'forebay.status': status,
        'forebay.rows.succeeded': succeeded,
        'forebay.rows.failed': failed,
      },
      ...(error !== undefined && { error }),
    });
  });
  events.on('request.answered', ({ method, path, route, status, code, ms, traceparent, location }) => {
    const caller = callerSpan(traceparent);
    if (caller === null) return;
    const job = createdJob(location);
    const endMs = Date.now();
    exporter.add({
      traceId: caller.traceId,
      spanId: partSpanId(caller.spanId, path, endMs, ms),
      parentSpanId: caller.spanId,
      name: `${method} ${route}`,
      kind: 'server',
      startMs: endMs - ms,
      endMs,
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        ...(code !== null && { 'error.type': code }),
        ...(job !== null && { 'forebay.job': job }),
      },
      ...(job !== null && { links: [jobSpan(job)] }),
      ...(status >= 500 && { error: code ?? String(status) }),
    });
  });
}

/** The job that a request has created, by the path in its answer. */
function createdJob(location: string | null): string | null {
  return /^\/v1\/jobs\/([^/]+)$/.exec(location ?? '')?.[1] ?? null;
}
