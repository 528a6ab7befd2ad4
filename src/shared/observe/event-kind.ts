/** Declares an event: its fields, and the text of its log line. */

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface EventKind<Fields extends object> {
  /** Null: it has no log line. */
  readonly level: Level | ((fields: Fields) => Level) | null;
  readonly text: string | ((fields: Fields) => string);
  /** The fields of the log line; absent: all of them. */
  readonly shown?: (fields: Fields) => object;
}

/** Declares an event without a log line, for events that are too frequent for a log. */
export function measurement<Fields extends object>(): EventKind<Fields> {
  return { level: null, text: '' };
}

/** Declares an event. `text` is the message of its log line. The fields are added to it. */
export function event<Fields extends object = Record<never, never>>(
  level: EventKind<Fields>['level'],
  text: EventKind<Fields>['text'],
  shown?: EventKind<Fields>['shown'],
): EventKind<Fields> {
  return { level, text, ...(shown && { shown }) };
}
