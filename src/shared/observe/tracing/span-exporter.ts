/**
 * Sends spans to a collector (OTLP over HTTP, JSON), in the background. Spans wait in a list of fixed length. A
 * collector that is slow or unavailable costs spans, and never work.
 */
import { messageOf } from '../../errors.ts';
import type { Emit } from '../events.ts';
import { otlpJson } from './otlp-json.ts';
import type { Span } from './span.ts';

export interface SpanExporter {
  add(span: Span): void;
  /** Sends what waits, within a short time. Nothing can be added afterwards. */
  close(): Promise<void>;
}

const MOST_WAITING = 4096;
const PER_REQUEST = 512;
const EVERY_MS = 2000;
const PATIENCE_MS = 5000;

/** `url`: of the collector, without `/v1/traces`. */
export function createSpanExporter(options: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly emit: Emit;
  /** How long the collector may take to answer. */
  readonly patienceMs?: number;
}): SpanExporter {
  const { patienceMs = PATIENCE_MS } = options;
  const target = `${options.url.replace(/\/$/, '')}/v1/traces`;
  const waiting: Span[] = [];
  let dropped = 0;
  let sending: Promise<void> | null = null;
  /** Reported once per outage. */
  let failing = false;

  async function send(spans: readonly Span[]): Promise<void> {
    try {
      const response = await fetch(target, {
        method: 'POST',
        headers: { ...options.headers, 'content-type': 'application/json' },
        body: otlpJson(spans, options.resource),
        redirect: 'error',
        signal: AbortSignal.timeout(patienceMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the collector answers ${response.status}`);
      if (failing) options.emit('traces.sent_again', { dropped });
      failing = false;
      dropped = 0;
    } catch (error) {
      dropped += spans.length;
      if (!failing) options.emit('traces.failed', { error: causeOf(error) });
      failing = true;
    }
  }

  /** After a failure, the others wait until the next time. */
  async function sendAll(): Promise<void> {
    do await send(waiting.splice(0, PER_REQUEST));
    while (waiting.length > 0 && !failing);
  }

  function flush(): Promise<void> {
    if (waiting.length > 0) sending ??= sendAll().finally(() => (sending = null));
    return sending ?? Promise.resolve();
  }

  const timer = setInterval(() => void flush(), EVERY_MS);
  timer.unref();
  return {
    add(span) {
      if (waiting.length >= MOST_WAITING) dropped++;
      else waiting.push(span);
      if (waiting.length >= PER_REQUEST && sending === null && !failing) void flush();
    },
    async close() {
      clearInterval(timer);
      // A collector that is away must not delay the end of the process.
      await sending;
      if (!failing) await flush();
    },
  };
}

/** fetch puts the reason into `cause`. */
function causeOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  return messageOf(cause instanceof Error ? cause : error);
}
