/** Typed access to the fields of a parsed config.pbtxt. Values of another type are left out. Pure. */
import type { PbMessage } from './parse-pbtxt.ts';

export function text(from: PbMessage, field: string): string | null {
  const value = from.get(field)?.at(-1);
  return typeof value === 'string' && value !== '' ? value : null;
}

export function numbers(from: PbMessage, field: string): readonly number[] {
  return (from.get(field) ?? []).filter((value) => typeof value === 'number');
}

export function messages(from: PbMessage, field: string): readonly PbMessage[] {
  return (from.get(field) ?? []).filter((value) => typeof value === 'object');
}

export function message(from: PbMessage, field: string): PbMessage | null {
  return messages(from, field).at(-1) ?? null;
}
