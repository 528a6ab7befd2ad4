/** What one client may hold of the HTTP server: clients that send slowly, or too much in headers, are cut off. */
import type { ServerOptions } from 'node:http';

export interface ConnectionSettings {
  /** Seconds until all headers must be there. */
  readonly headersTimeoutS: number;
  /** Seconds until the whole request must be there, body included. */
  readonly requestTimeoutS: number;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** A connection without a request is kept so long. */
const KEEP_ALIVE_MS = 10_000;

/** Node answers 408 to who is late and 431 to headers that are too large, and closes the connection. */
export function connectionLimits({ headersTimeoutS, requestTimeoutS }: ConnectionSettings): ServerOptions {
  const headersTimeout = headersTimeoutS * 1000;
  return {
    headersTimeout,
    // Node refuses a whole that is shorter than its part.
    requestTimeout: Math.max(headersTimeout, requestTimeoutS * 1000),
    // How late the two above may take effect.
    connectionsCheckingInterval: Math.min(5000, headersTimeout / 2),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: true,
  };
}
