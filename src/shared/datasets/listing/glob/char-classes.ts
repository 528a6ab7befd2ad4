/** Groups characters into classes. No state of the automaton distinguishes two characters of a class. */
import type { Automaton } from './automaton.ts';
import { contains } from './char-set.ts';

export interface CharClasses {
  readonly count: number;
  of(code: number): number;
  /** Whether the state reads characters of the class. */
  reads(state: number, charClass: number): boolean;
}

const LATIN = 256;

export function charClasses({ states }: Automaton): CharClasses {
  const firsts = new Set([0]);
  for (const state of states) {
    if (state.kind !== 'char') continue;
    state.set.forEach((bound, i) => firsts.add(i % 2 === 0 ? bound : bound + 1));
  }
  const sorted = [...firsts].toSorted((a, b) => a - b);
  // Nearly every set is one range or its complement, so the first range usually decides.
  const lows = Int32Array.from(states, (state) =>
    state.kind === 'char' ? (state.set[0] ?? 0x10000) : 0x10000,
  );
  const highs = Int32Array.from(states, (state) => (state.kind === 'char' ? (state.set[1] ?? 0) : 0));
  const search = (code: number) => {
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (sorted[middle]! <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const latin = Int32Array.from({ length: LATIN }, (_, code) => search(code));
  return {
    count: sorted.length,
    of: (code) => (code < LATIN ? latin[code]! : search(code)),
    reads(at, charClass) {
      const code = sorted[charClass]!;
      if (code < lows[at]!) return false;
      if (code <= highs[at]!) return true;
      const state = states[at]!;
      return state.kind === 'char' && state.set.length > 2 && contains(state.set, code);
    },
  };
}
