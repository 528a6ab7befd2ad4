/** Node's own request and response behind a request of the app. Both are absent if there is no server, as in tests. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

export function nodeBindings(c: Context): Partial<HttpBindings> {
  return (c.env ?? {}) as Partial<HttpBindings>;
}
