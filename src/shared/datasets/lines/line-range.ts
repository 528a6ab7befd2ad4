/** A range of lines as text, for the references of slices and rows. */
import { InvariantError } from '../../errors.ts';
import type { LineRange } from './raw-lines.ts';

export type ClosedRange = LineRange & { readonly to: number };

/** `from+length@line`. */
export function encodeRange({ from, to, line }: ClosedRange): string {
  return `${from}+${to - from}@${line}`;
}

export function decodeRange(text: string): ClosedRange {
  const [, from, length, line] = /^(\d+)\+(\d+)@(\d+)$/.exec(text) ?? [];
  if (from === undefined) throw new InvariantError(`a range of lines is "${text}"`);
  return { from: Number(from), to: Number(from) + Number(length), line: Number(line) };
}
