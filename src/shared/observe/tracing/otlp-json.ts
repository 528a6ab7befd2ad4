/**
 * Spans as OTLP/JSON, version 1: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hex, numbers
 * of 64 bits are text, enumerations are numbers.
 */
import type { Span } from './span.ts';

/** opentelemetry/proto/trace/v1/trace.proto, Span.SpanKind. */
const KIND: Readonly<Record<Span['kind'], number>> = { internal: 1, server: 2, consumer: 5 };
/** Status.StatusCode. */
const FAILED = 2;

export function otlpJson(spans: readonly Span[], resource: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: 'forebay' }, spans: spans.map(spanOf) }],
      },
    ],
  });
}

function spanOf(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(Math.max(span.startMs, span.endMs)),
    attributes: attributesOf(span.attributes),
    ...(span.links && { links: span.links }),
    ...(span.error !== undefined && { status: { code: FAILED, message: span.error } }),
  };
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: string | number): object {
  if (typeof value === 'string') return { stringValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Whole microseconds: a double has no more digits for a time of today. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
