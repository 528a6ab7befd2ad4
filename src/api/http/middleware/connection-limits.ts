/** Limits per connection. Clients that send slowly, or send too large headers, are cut off. */
import type { ServerOptions } from 'node:http';

export interface ConnectionSettings {
  /** Seconds within which all headers must arrive. */
  readonly headersTimeoutS: number;
  /** Seconds within which the whole request must arrive, including its body. */
  readonly requestTimeoutS: number;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** How long a connection without a request is kept. */
const KEEP_ALIVE_MS = 10_000;

/** Node answers 408 to late requests and 431 to large headers, and closes the connection. */
export function connectionLimits({ headersTimeoutS, requestTimeoutS }: ConnectionSettings): ServerOptions {
  const headersTimeout = headersTimeoutS * 1000;
  return {
    headersTimeout,
    // Node refuses a request timeout that is shorter than that of the headers.
    requestTimeout: Math.max(headersTimeout, requestTimeoutS * 1000),
    // How late the two timeouts above may take effect.
    connectionsCheckingInterval: Math.min(5000, headersTimeout / 2),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: true,
  };
}
