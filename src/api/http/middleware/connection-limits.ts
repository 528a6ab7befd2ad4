/** Limits per connection. Clients that send slowly, or send oversized headers, are cut off. */
import type { ServerOptions } from 'node:http';

export interface ConnectionSettings {
  /** Seconds within which the whole request must arrive, including its body. */
  readonly requestTimeoutS: number;
}

/** Only a stalled or hostile client takes longer to send its headers. */
export const MAX_HEADERS_TIMEOUT_S = 10;
export const MAX_HEADER_BYTES = 16 * 1024;
/** How long an idle connection is kept. */
const KEEP_ALIVE_MS = 10_000;

/** Node closes the connections of slow clients and of oversized headers. broken-requests.ts answers them. */
export function connectionLimits({ requestTimeoutS }: ConnectionSettings): ServerOptions {
  const requestTimeout = requestTimeoutS * 1000;
  // Node refuses a request timeout that is shorter than the headers timeout.
  const headersTimeout = Math.min(MAX_HEADERS_TIMEOUT_S * 1000, requestTimeout);
  return {
    headersTimeout,
    requestTimeout,
    // Maximum delay until the two limits above take effect.
    connectionsCheckingInterval: Math.min(5000, headersTimeout / 2),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: true,
  };
}
