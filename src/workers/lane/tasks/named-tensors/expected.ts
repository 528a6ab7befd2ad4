/** What the value of an input must be, and how messages about it are worded. */
import type { ElementType } from './element-types.ts';
import { shapeText, type Shape } from './shape.ts';
import { shortened } from '../../../../shared/text/shortened.ts';

export interface Expected {
  readonly type: ElementType;
  /** Of one row, so without the batch axis. */
  readonly shape: Shape;
}

/** `why`: what was expected and what came, to stand after the name of the value and a colon. */
export type ValueReading =
  | { readonly ok: true; readonly shape: readonly number[] }
  | { readonly ok: false; readonly why: string };

/** `came`: what came instead, such as "got a list". */
export function unexpected(expected: Expected, came: string): ValueReading {
  return { ok: false, why: `expected ${describe(expected)}, ${came}` };
}

/** `float32[2,N]`, or `one int64` for a tensor without dimensions. */
export function describe({ type, shape }: Expected): string {
  return shape.length === 0 ? `one ${type.dtype}` : `${type.dtype}${shapeText(shape)}`;
}

/** How a message shows a JSON value. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return shortened(text, MOST_SHOWN);
}

const MOST_SHOWN = 40;
