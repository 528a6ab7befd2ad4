/** Wake-ups between processes over pub/sub. A reconnect may lose messages, so every listener also sweeps. */
import type { Redis } from 'ioredis';
import { InvariantError } from '../errors.ts';
import { WAKE_CHANNELS } from './keys.ts';

export type WakeKind = keyof typeof WAKE_CHANNELS;

export interface Wake {
  /**
   * Calls `listener` for each message of a kind. `name`: the message (keys.ts), empty for `workers`. Returns a function
   * that removes the listener.
   */
  on(kind: WakeKind, listener: (name: string) => void): () => void;
  close(): Promise<void>;
}

/**
 * `subscriber`: a separate connection, because a subscribed one accepts no other commands. `kinds`: those that will have
 * listeners. Receiving unwanted messages would cost a read each.
 */
export async function createWake(subscriber: Redis, kinds: readonly WakeKind[] = ALL): Promise<Wake> {
  const listeners = new Map<string, Set<(name: string) => void>>();
  // Not `message`: the client would decode every message for it, and some are bodies of online requests.
  subscriber.on('messageBuffer', (channel: Buffer, name: Buffer) => {
    for (const listener of listeners.get(channel.toString()) ?? []) listener(name.toString());
  });
  await subscriber.subscribe(...kinds.map((kind) => WAKE_CHANNELS[kind]));
  return {
    on(kind, listener) {
      if (!kinds.includes(kind))
        throw new InvariantError(`this process does not receive wake-ups of kind ${kind}`);
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

/** Reads a message of kind `progress`: blocks left in the job's window, and failed rows of the committed blocks. */
export function readProgress(message: string): { job: string; left: number; failed: number } {
  const [job = '', left, failed] = message.split('/');
  return { job, left: Number(left), failed: Number(failed) };
}

const ALL = Object.keys(WAKE_CHANNELS) as WakeKind[];
