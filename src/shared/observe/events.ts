/** Typed events of a process. Domain code emits them and knows no subscriber. The log subscribes (log-events.ts). */
import { API_EVENTS } from './api-events.ts';
import type { EventKind } from './event-kind.ts';
import { FEEDER_EVENTS } from './feeder-events.ts';
import { LANE_EVENTS } from './lane-events.ts';
import { REDIS_EVENTS } from './redis-events.ts';
import { TRACE_EVENTS } from './trace-events.ts';
import { WORKER_EVENTS } from './worker-events.ts';

/** Every event that a process of Forebay can emit. */
export const EVENTS = {
  ...API_EVENTS,
  ...FEEDER_EVENTS,
  ...LANE_EVENTS,
  ...REDIS_EVENTS,
  ...TRACE_EVENTS,
  ...WORKER_EVENTS,
};

type Kinds = typeof EVENTS;
export type EventName = keyof Kinds;
export type EventFields<Name extends EventName> =
  Kinds[Name] extends EventKind<infer Fields> ? Fields : never;

/** Calls all subscribers before it returns: those of every event, then those of this one. */
export type Emit = <Name extends EventName>(name: Name, fields: EventFields<Name>) => void;

export interface Events {
  readonly emit: Emit;
  /** A subscriber must not throw. Returns a function that ends the subscription. */
  subscribe(listener: Emit): () => void;
  /** Subscribes to one event. The listener must not throw. */
  on<Name extends EventName>(name: Name, listener: (fields: EventFields<Name>) => void): void;
}

export function createEvents(): Events {
  const listeners = new Set<Emit>();
  const byName = new Map<EventName, ((fields: never) => void)[]>();
  return {
    emit(name, fields) {
      for (const listener of listeners) listener(name, fields);
      // `on` has checked that the listener takes the fields of this event.
      for (const listener of byName.get(name) ?? []) listener(fields as never);
    },
    on(name, listener) {
      byName.set(name, [...(byName.get(name) ?? []), listener]);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
