/**
 * Wake-ups between processes over pub/sub. Messages may be lost (at a reconnect, say): whoever listens
 * also sweeps now and then.
 */
import type { Redis } from 'ioredis';
import { WAKE_CHANNEL } from './keys.ts';

export type WakeKind = 'job' | 'queue' | 'places' | 'workers';

export interface Wake {
  /** Calls back for messages of a kind; `name` is the job or queue, empty for `workers`. Returns the undo. */
  on(kind: WakeKind, listener: (name: string) => void): () => void;
  close(): Promise<void>;
}

/** `subscriber`: a connection of its own, since a subscribed one takes no other commands. */
export async function createWake(subscriber: Redis): Promise<Wake> {
  const listeners = new Map<string, Set<(name: string) => void>>();
  subscriber.on('message', (_channel: string, message: string) => {
    const space = message.indexOf(' ');
    const kind = space < 0 ? message : message.slice(0, space);
    const name = space < 0 ? '' : message.slice(space + 1);
    for (const listener of listeners.get(kind) ?? []) listener(name);
  });
  await subscriber.subscribe(WAKE_CHANNEL);
  return {
    on(kind, listener) {
      const set = listeners.get(kind) ?? new Set();
      listeners.set(kind, set.add(listener));
      return () => set.delete(listener);
    },
    async close() {
      listeners.clear();
      await subscriber.quit().catch(() => subscriber.disconnect());
    },
  };
}
