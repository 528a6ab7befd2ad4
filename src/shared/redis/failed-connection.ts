/**
 * A client of ioredis ends for good when its connector rejects, and then fails every command. After a stream that is
 * already closed, it tries again. A connector sets `firstError` to the reason.
 */
import { Socket } from 'node:net';

export function failedConnection(): Socket {
  return new Socket().destroy();
}
