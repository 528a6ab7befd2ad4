/** The HTTP client of guarded-fetch.ts. It loads with the first fetch, because many workers never fetch. */
import { Agent, request, type Dispatcher } from 'undici';
import type { AddressFilter } from './address-filter.ts';
import { createGuardedConnector, type LookupAll } from './guarded-connector.ts';

export interface GuardedAgentOptions {
  readonly filter: AddressFilter;
  /** Milliseconds for a handshake, for headers, and between two chunks of a body. */
  readonly timeoutMs: number;
  readonly connectionsPerHost: number;
  readonly lookup: LookupAll | undefined;
}

export interface GuardedAgent {
  get(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

export function createGuardedAgent(options: GuardedAgentOptions): GuardedAgent {
  const { filter, timeoutMs, lookup } = options;
  const agent = new Agent({
    connect: createGuardedConnector({ filter, timeoutMs, ...(lookup === undefined ? {} : { lookup }) }),
    connections: options.connectionsPerHost,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  return {
    get: async (url, headers, signal) => request(url, { dispatcher: agent, headers, signal }),
    close: async () => agent.destroy(),
  };
}
