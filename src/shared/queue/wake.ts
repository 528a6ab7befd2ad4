/**
 * Wake-ups between processes over pub/sub. Messages may be lost (at a reconnect, say): whoever listens
 * also sweeps now and then.
 */
import type { Redis } from 'ioredis';
import { InvariantError } from '../errors.ts';
import { WAKE_CHANNELS } from './keys.ts';

export type WakeKind = keyof typeof WAKE_CHANNELS;

export interface Wake {
  /** Calls back for messages of a kind; `name`: the message, as in keys.ts, empty for `workers`. Returns the undo. */
  on(kind: WakeKind, listener: (name: string) => void): () => void;
  close(): Promise<void>;
}

/**
 * `subscriber`: a connection of its own, since a subscribed one takes no other commands. `kinds`: those that will be
 * listened to; each message that is not wanted costs its receiver a read.
 */
export async function createWake(subscriber: Redis, kinds: readonly WakeKind[] = ALL): Promise<Wake> {
  const listeners = new Map<string, Set<(name: string) => void>>();
  subscriber.on('message', (channel: string, name: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(name);
  });
  await subscriber.subscribe(...kinds.map((kind) => WAKE_CHANNELS[kind]));
  return {
    on(kind, listener) {
      if (!kinds.includes(kind)) throw new InvariantError(`no wake-ups of kind ${kind} are received here`);
      const channel = WAKE_CHANNELS[kind];
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set.add(listener));
      return () => set.delete(listener);
    },
    async close() {
      listeners.clear();
      await subscriber.quit().catch(() => subscriber.disconnect());
    },
  };
}

/** A message of kind `progress`: blocks left in the job's window, and rows that failed in the blocks committed. */
export function readProgress(message: string): { job: string; left: number; failed: number } {
  const [job = '', left, failed] = message.split('/');
  return { job, left: Number(left), failed: Number(failed) };
}

const ALL = Object.keys(WAKE_CHANNELS) as WakeKind[];
