/** Slices and cursors of a table in several files, as text. */
import { z } from 'zod';
import type { Cursor } from '../../domain/dataset-spec.ts';
import { InvariantError } from '../../errors.ts';

/** Consecutive rows of one file. */
export interface PartRows {
  /** The file's path below the base of the dataset. */
  readonly name: string;
  /** The rows, as the format of the file has them. */
  readonly ref: string;
  /** The position in the file of the first row. */
  readonly first: number;
  readonly count: number;
}

const ROWS = z.array(z.tuple([z.string(), z.string(), z.int().min(0), z.int().min(1)]));

export function encodeParts(parts: readonly PartRows[]): string {
  return JSON.stringify(parts.map(({ name, ref, first, count }) => [name, ref, first, count]));
}

/** Throws InvariantError for a text that does not come from `encodeParts`. */
export function decodeParts(text: string): PartRows[] {
  const { data } = ROWS.safeParse(parsed(text));
  if (data === undefined) throw new InvariantError(`a slice of files is "${text.slice(0, 200)}"`);
  return data.map(([name, ref, first, count]) => ({ name, ref, first, count }));
}

/** Where reading stopped. It names one file, however many there are. */
export interface PartsPosition {
  readonly name: string;
  /** Where the list of files continues after this one. */
  readonly listed: string;
  /** Where this file continues. */
  readonly inside: Pick<Cursor, 'index' | 'at'>;
}

const POSITION = z.tuple([z.string(), z.string(), z.int().min(0), z.string()]);

export function encodePartsPosition({ name, listed, inside }: PartsPosition): string {
  return JSON.stringify([name, listed, inside.index, inside.at]);
}

export function decodePartsPosition(text: string): PartsPosition {
  const { data } = POSITION.safeParse(parsed(text));
  if (data === undefined) throw new InvariantError(`a cursor of files is "${text.slice(0, 200)}"`);
  const [name, listed, index, at] = data;
  return { name, listed, inside: { index, at } };
}

/** The versions of the files of a slice. */
export function encodePartVersions(versions: readonly string[]): string {
  return JSON.stringify(versions);
}

export function decodePartVersions(text: string): readonly string[] {
  return z.array(z.string()).parse(parsed(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
