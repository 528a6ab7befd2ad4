/** What clients of object stores have in common. */
import { Agent, type Dispatcher } from 'undici';
import { ERROR_BYTES } from '../../net/gather-answer.ts';
import { encodeReserved } from './encode-reserved.ts';

export interface ObjectClientOptions<Settings> {
  readonly settings: readonly Settings[];
  readonly env: NodeJS.ProcessEnv;
  readonly userAgent: string;
  /** Milliseconds for a connection, for headers, and between two chunks of a body. */
  readonly timeoutMs: number;
  readonly connections: number;
}

export function createAgent({ timeoutMs, connections }: ObjectClientOptions<unknown>): Agent {
  return new Agent({
    connect: { timeout: timeoutMs },
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
}

/** Empty, or with a `?`. Encoded as signers encode it. */
export function queryText(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeReserved(name)}=${encodeReserved(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** The first bytes of an error's body. Reads the body to its end, or ends the connection. */
export async function errorTextOf(
  body: Dispatcher.ResponseData['body'],
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    chunks.push(chunk);
    size += chunk.length;
    if (size > ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
