import type { ForeignConfig } from '../foreign-folder.ts';

/** What some files of a folder say. */
export interface Described extends Pick<ForeignConfig, 'fields' | 'missing' | 'unlessGiven' | 'notes'> {
  /** One line for each field that was taken, with its source. */
  readonly taken?: readonly string[];
}

export function bothOf(a: Described, b: Described): Described {
  return {
    fields: { ...a.fields, ...b.fields },
    missing: new Map([...a.missing, ...b.missing]),
    unlessGiven: new Map([...(a.unlessGiven ?? []), ...(b.unlessGiven ?? [])]),
    notes: [...a.notes, ...b.notes],
  };
}

/** A folder whose task Forebay cannot serve, or does not know. */
export function withoutTask(why: string): Described {
  return { fields: {}, missing: new Map([['/task', why]]), notes: [] };
}
