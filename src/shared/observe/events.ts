/** Typed events of a process. Domain code emits them and knows no subscriber. The log subscribes (log-events.ts). */
import { API_EVENTS } from './api-events.ts';
import type { EventKind } from './event-kind.ts';
import { FEEDER_EVENTS } from './feeder-events.ts';
import { LANE_EVENTS } from './lane-events.ts';
import { REDIS_EVENTS } from './redis-events.ts';
import { WORKER_EVENTS } from './worker-events.ts';

/** Every event that a process of Forebay can emit. */
export const EVENTS = {
  ...API_EVENTS,
  ...FEEDER_EVENTS,
  ...LANE_EVENTS,
  ...REDIS_EVENTS,
  ...WORKER_EVENTS,
};

type Kinds = typeof EVENTS;
export type EventName = keyof Kinds;
export type EventFields<Name extends EventName> =
  Kinds[Name] extends EventKind<infer Fields> ? Fields : never;

/** Calls all subscribers, in the order of their subscriptions, before it returns. */
export type Emit = <Name extends EventName>(name: Name, fields: EventFields<Name>) => void;

export interface Events {
  readonly emit: Emit;
  /** A subscriber must not throw. Returns a function that ends the subscription. */
  subscribe(listener: Emit): () => void;
}

export function createEvents(): Events {
  const listeners = new Set<Emit>();
  return {
    emit(name, fields) {
      for (const listener of listeners) listener(name, fields);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
