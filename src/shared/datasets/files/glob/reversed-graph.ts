/** An automaton by what goes on at each state, in flat arrays: the form that a run from the text's end reads. */
import type { Automaton } from './automaton.ts';

/** What must hold, beside that the state behind it is true. */
export const NEEDS = { nothing: 0, start: 1, end: 2, lookahead: 3, noLookahead: 4 } as const;

/** Lists of numbers, one a state: list `s` is `items[offsets[s]]` to `items[offsets[s + 1]]`. */
export interface Lists {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
}

export interface ReversedGraph {
  /** True at every position; by depth. */
  readonly matches: readonly (readonly number[])[];
  /** Of each state: the states that read a character and go on at it. */
  readonly readers: Lists;
  /** Of each state: those that go on at it without a character. */
  readonly before: Lists;
  /** Of each state, one of NEEDS. */
  readonly needs: Uint8Array;
  /** Of each lookahead: where its body begins. */
  readonly bodies: Int32Array;
}

export function reverse({ states, depths }: Automaton): ReversedGraph {
  const readers: number[][] = states.map(() => []);
  const before: number[][] = states.map(() => []);
  const matches: number[][] = [];
  const needs = new Uint8Array(states.length);
  const bodies = new Int32Array(states.length);
  for (const depth of depths) matches[depth] ??= [];
  states.forEach((state, at) => {
    switch (state.kind) {
      case 'match':
        matches[depths[at]!]!.push(at);
        break;
      case 'char':
        readers[state.next]!.push(at);
        break;
      case 'either':
        before[state.a]!.push(at);
        before[state.b]!.push(at);
        break;
      case 'lookahead':
        before[state.next]!.push(at);
        needs[at] = state.negative ? NEEDS.noLookahead : NEEDS.lookahead;
        bodies[at] = state.body;
        break;
      case 'start':
      case 'end':
        before[state.next]!.push(at);
        needs[at] = NEEDS[state.kind];
    }
  });
  return { matches, readers: flat(readers), before: flat(before), needs, bodies };
}

function flat(lists: readonly (readonly number[])[]): Lists {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i]! + list.length));
  return { offsets, items: Int32Array.from(lists.flat()) };
}
