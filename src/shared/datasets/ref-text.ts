/** Slices and cursors that are kept as JSON text. */
import { z } from 'zod';
import { InvariantError } from '../errors.ts';

/** `what`: what the text is, for the message. Throws InvariantError for a text that `schema` does not accept. */
export function decodeRef<T>(text: string, schema: z.ZodType<T>, what: string): T {
  const { data } = schema.safeParse(parsed(text));
  if (data === undefined) throw new InvariantError(`${what} is "${text.slice(0, 200)}"`);
  return data;
}

/** The versions of the files of a slice. */
export function encodeVersions(versions: readonly string[]): string {
  return JSON.stringify(versions);
}

/** Throws InvariantError for a text that does not come from `encodeVersions`. */
export function decodeVersions(text: string): readonly string[] {
  return decodeRef(text, VERSIONS, 'a list of versions');
}

const VERSIONS = z.array(z.string());

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
