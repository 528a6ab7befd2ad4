/** Slices and cursors of a table in several files, as text. */
import { z } from 'zod';
import type { Cursor } from '../../domain/dataset-spec.ts';
import { decodeRef } from '../ref-text.ts';

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
  const rows = decodeRef(text, ROWS, 'a slice of files');
  return rows.map(([name, ref, first, count]) => ({ name, ref, first, count }));
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
  const [name, listed, index, at] = decodeRef(text, POSITION, 'a cursor of files');
  return { name, listed, inside: { index, at } };
}
