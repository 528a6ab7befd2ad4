/**
 * Sends one POST to a URL that a user chose. Addresses and time are limited, and redirects are not followed. Uses only the
 * status of the response. Knows nothing of jobs or retries.
 */
import { Agent, request } from 'undici';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createAddressFilter } from '../../shared/net/address-filter.ts';
import { createGuardedConnector, type LookupAll } from '../../shared/net/guarded-connector.ts';
import { withDeadline } from '../../shared/net/with-deadline.ts';

export type Sent =
  | { readonly status: number; readonly error: null }
  | { readonly status: null; readonly error: { readonly code: string; readonly message: string } };

export interface WebhookSender {
  /** Rejects only when aborted, with the signal's reason. */
  send(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<Sent>;
  close(): Promise<void>;
}

/** Maximum bytes of a response body to discard before the connection is cut. */
const MAX_ANSWER = 16 * 1024;

export function createWebhookSender(options: {
  /** See createAddressFilter. */
  readonly allow: readonly string[];
  /** Timeout of one attempt, ms. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly lookup?: LookupAll;
}): WebhookSender {
  const { timeoutMs, lookup } = options;
  const agent = new Agent({
    connect: createGuardedConnector({
      filter: createAddressFilter(options.allow, 'FOREBAY_WEBHOOK_ALLOW'),
      timeoutMs,
      ...(lookup === undefined ? {} : { lookup }),
    }),
    // Attempts are far apart. Each opens a new connection, so that its address is checked each time.
    pipelining: 0,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  return {
    send: async (url, headers, body, signal) =>
      withDeadline(timeoutMs, signal, async ({ stop }) => {
        try {
          const response = await request(url, {
            method: 'POST',
            dispatcher: agent,
            headers: { ...headers, 'user-agent': options.userAgent },
            body,
            signal: stop,
          });
          await response.body.dump({ limit: MAX_ANSWER, signal: stop }).catch(() => undefined);
          return { status: response.statusCode, error: null };
        } catch (error) {
          signal.throwIfAborted();
          return { status: null, error: failureOf(error, stop.aborted, url, timeoutMs) };
        }
      }),
    close: () => agent.destroy(),
  };
}

function failureOf(
  error: unknown,
  timedOut: boolean,
  url: string,
  timeoutMs: number,
): { code: string; message: string } {
  if (error instanceof ForebayError) return { code: error.code, message: notAllowed(url) };
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (timedOut || /^UND_ERR_\w+_TIMEOUT$/.test(code)) {
    return { code: 'fetch_timeout', message: `no answer within ${timeoutMs} ms` };
  }
  return { code: 'fetch_failed', message: messageOf(error) || code || 'the connection failed' };
}

/** Hides the address that the name resolved to, because it would reveal the internal network to outsiders. */
export function notAllowed(url: string): string {
  return `${new URL(url).hostname} is not a public address. The operator can allow it with FOREBAY_WEBHOOK_ALLOW.`;
}
