/** Finds the flags that a guess did not use, so that none is ignored without a word. */
import type { Hints } from './hints.ts';

const FLAGS = {
  activation: '--activation',
  outputNames: '--output-name',
  crop: '--crop',
  resize: '--resize',
  head: '--head',
  pooling: '--pooling',
  maxLength: '--max-length',
  sampleRate: '--sample-rate',
  columns: '--columns',
  values: '--value',
  shapes: '--shape',
  batchAxes: '--batch-axis',
} as const satisfies Readonly<Record<Exclude<keyof Hints, 'labels' | 'beside'>, string>>;
type Field = keyof typeof FLAGS;

export interface WatchedHints {
  readonly hints: Hints;
  /** The flags that were given, and that nothing has read from `hints` so far. */
  unused(): readonly string[];
}

export function watchFlags(given: Hints): WatchedHints {
  const read = new Set<PropertyKey>();
  return {
    hints: new Proxy(given, {
      get(target, key) {
        read.add(key);
        return target[key as keyof Hints];
      },
    }),
    unused: () =>
      Object.entries(FLAGS).flatMap(([field, flag]) =>
        isGiven(given[field as Field]) && !read.has(field) ? [flag] : [],
      ),
  };
}

function isGiven(value: Hints[Field]): boolean {
  if (value === undefined) return false;
  if (value instanceof Map) return value.size > 0;
  return !Array.isArray(value) || value.length > 0;
}
