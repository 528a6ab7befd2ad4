/** An automaton with its edges reversed, in flat arrays. A run from the end of the text reads it in this form. */
import type { Automaton } from './automaton.ts';

/** What a state needs, in addition to a true next state. */
export const NEEDS = { nothing: 0, start: 1, end: 2, lookahead: 3, noLookahead: 4 } as const;

/** One list of numbers per state. List `s` runs from `items[offsets[s]]` up to, but not including, `items[offsets[s + 1]]`. */
export interface Lists {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
}

export interface ReversedGraph {
  /** States that are true at every position, by depth. */
  readonly matches: readonly (readonly number[])[];
  /** Per state: the states that read a character and continue at it. */
  readonly readers: Lists;
  /** Per state: the states that continue at it without reading a character. */
  readonly before: Lists;
  /** One of NEEDS per state. */
  readonly needs: Uint8Array;
  /** The first state of the body of each lookahead. */
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
