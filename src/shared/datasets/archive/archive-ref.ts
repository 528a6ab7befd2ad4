/** Slices of archives as text: which parts of which archives. */
import { z } from 'zod';
import { decodeRef } from '../ref-text.ts';
import type { ArchiveIndex } from './archive-index.ts';

/** Part of the index of an archive. */
export interface Segment extends ArchiveIndex {
  /** The archive's path below the base of the dataset. */
  readonly name: string;
}

const SEGMENTS = z.array(
  z.tuple([z.string(), z.enum(['tar', 'zip']), z.int().min(0), z.int().min(0), z.int()]),
);

export function encodeSegments(segments: readonly Segment[]): string {
  return JSON.stringify(
    segments.map(({ name, format, from, to, shift }) => [name, format, from, to - from, shift]),
  );
}

/** Throws InvariantError for a text that does not come from `encodeSegments`. */
export function decodeSegments(text: string): Segment[] {
  const segments = decodeRef(text, SEGMENTS, 'a slice of archives');
  return segments.map(([name, format, from, length, shift]) => ({
    name,
    format,
    from,
    to: from + length,
    shift,
  }));
}

/** Where reading stopped, in a cursor. */
export interface ArchivePosition {
  readonly shard: { readonly name: string; readonly cursor: string };
  /** Where the index of this archive continues. */
  readonly at: number;
  /** The version of the archive, while slices are being cut. */
  readonly version: string | null;
}

const POSITION = z.tuple([z.string(), z.string(), z.int().min(0), z.string().nullable()]);

export function encodePosition({ shard, at, version }: ArchivePosition): string {
  return JSON.stringify([shard.name, shard.cursor, at, version]);
}

export function decodePosition(text: string): ArchivePosition {
  const [name, cursor, at, version] = decodeRef(text, POSITION, 'a cursor of archives');
  return { shard: { name, cursor }, at, version };
}
