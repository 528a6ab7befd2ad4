/** Records the events that the code under test emits, in order. */
import { createEvents, type Emit, type EventName } from '#forebay/shared/observe/events.js';

export interface RecordedEvents {
  readonly emit: Emit;
  readonly all: readonly { readonly name: EventName; readonly fields: object }[];
  /** The fields of all events with this name. */
  of(name: EventName): readonly object[];
}

export function recordEvents(): RecordedEvents {
  const all: { name: EventName; fields: object }[] = [];
  const events = createEvents();
  events.subscribe((name, fields) => void all.push({ name, fields }));
  return {
    emit: events.emit,
    all,
    of: (name) => all.filter((one) => one.name === name).map(({ fields }) => fields),
  };
}
