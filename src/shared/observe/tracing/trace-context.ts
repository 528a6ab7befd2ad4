/** The header `traceparent` of W3C Trace Context, level 1: https://www.w3.org/TR/trace-context/#traceparent-header. */
import type { SpanRef } from './span.ts';

const FORM = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const SAMPLED = 1;

/** The span of a caller that records its trace. Null: there is none, or the header is malformed. */
export function callerSpan(traceparent: string | null): SpanRef | null {
  const [, traceId, spanId, flags] = FORM.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return (Number.parseInt(flags, 16) & SAMPLED) === 0 ? null : { traceId, spanId };
}
