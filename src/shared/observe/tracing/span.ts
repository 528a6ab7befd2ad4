/** Spans, as this service makes them: after the fact, from events. The names follow OpenTelemetry. */
import { sha256 } from '../../text/sha256.ts';

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'consumer';
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Why it failed. */
  readonly error?: string;
  /** Spans of other traces, or of this one, that it also belongs to. */
  readonly links?: readonly SpanRef[];
}

export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * The root span of a job. Its ids follow from the job's id, so all processes of a service put their spans into one trace
 * without passing a context through Redis.
 */
export function jobSpan(job: string): SpanRef {
  const digest = sha256(`job ${job}`);
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

export interface RunOfBlock {
  readonly job: string;
  readonly block: number;
  /** Unique per run. */
  readonly token: string;
}

export function runSpan({ job, block, token }: RunOfBlock): SpanRef {
  return { traceId: jobSpan(job).traceId, spanId: partSpanId(job, block, token) };
}

/** An id that is the same for the same parts. */
export function partSpanId(...parts: readonly (string | number)[]): string {
  return sha256(parts.join(' ')).slice(0, 16);
}

/** Whether a share of all jobs contains this one. Every process answers the same. `percent`: 0 to 100. */
export function isSampled(job: string, percent: number): boolean {
  if (percent >= 100) return true;
  return Number.parseInt(jobSpan(job).traceId.slice(0, 8), 16) < (percent / 100) * 2 ** 32;
}
