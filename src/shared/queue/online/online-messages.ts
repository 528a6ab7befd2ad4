/** Messages of online requests to workers and to API processes. The form of a reply is in online-format.ts. */

/**
 * To a worker. `left`: the caller of a request has gone. `looked_for`: these requests take long, and their API asks
 * whether the worker still has them. `body`: the large body of a request that may follow. `handed`: a request that the
 * worker has offered to take.
 */
export type WorkerMessage =
  | { readonly is: 'left'; readonly id: string }
  | { readonly is: 'looked_for'; readonly api: string; readonly ids: readonly string[] }
  | { readonly is: 'body'; readonly id: string; readonly body: Buffer }
  | HandedMessage;

export interface HandedMessage {
  readonly is: 'handed';
  readonly id: string;
  /** Time until its deadline, ms. */
  readonly ttlMs: number;
  readonly queue: string;
  /** Its header, a line break, and its body. A large body comes in a message of its own. */
  readonly packed: Buffer;
}

const LINE_BREAK = '\n'.charCodeAt(0);

/** Null: an API of an older version only checks whether anybody listens on the channel. */
export function readWorkerMessage(message: Buffer): WorkerMessage | null {
  if (message.length === 0) return null;
  const end = message.indexOf(LINE_BREAK);
  const line = message.toString('utf8', 0, end === -1 ? message.length : end);
  if (line.startsWith('?')) {
    const [api = '', ...ids] = line.slice(1).split(' ');
    return { is: 'looked_for', api, ids };
  }
  if (end === -1) return { is: 'left', id: line };
  const rest = message.subarray(end + 1);
  const [id = '', ttlMs, queue] = line.split(' ');
  return queue === undefined
    ? { is: 'body', id, body: rest }
    : { is: 'handed', id, ttlMs: Number(ttlMs), queue, packed: rest };
}

/** What comes before the body in its message. */
export function bodyPrefix(id: string): Buffer {
  return Buffer.from(`${id}\n`);
}

/** To an API. `key`: the reply is large, so it is in a key. `not_had`: the worker does not have the request. */
export type ApiMessage =
  | { readonly is: 'reply'; readonly text: string }
  | { readonly is: 'key' | 'not_had'; readonly id: string };

export function readApiMessage(text: string): ApiMessage {
  if (text.includes('\n')) return { is: 'reply', text };
  return text.startsWith('?') ? { is: 'not_had', id: text.slice(1) } : { is: 'key', id: text };
}

export function notHadMessage(id: string): string {
  return `?${id}`;
}
