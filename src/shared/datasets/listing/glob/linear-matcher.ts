/**
 * Runs an automaton over texts, from the last character to the first. A state is true at a position if it can reach a match
 * from there. Which states are true follows from the character at the position and the true states at the next position.
 * So the cost is at most the length of the text times the size of the automaton. Steps are cached, so similar texts cost
 * only their length.
 */
import type { Automaton } from './automaton.ts';
import { charClasses } from './char-classes.ts';
import { NEEDS, reverse } from './reversed-graph.ts';

export interface LinearMatcher {
  /** Whether one of the expressions is found in the text. */
  readonly matches: (text: string) => boolean;
  /** Edges of the automaton that were followed, over all calls. This is the cost that is bounded. */
  readonly visits: number;
}

/** The states that are true at one position. */
interface Position {
  /** Their numbers, starting with those inside the most lookaheads. */
  readonly states: Int32Array;
  readonly found: boolean;
  /** Cached: the position one character earlier, by the class of that character. */
  readonly before: (Position | undefined)[];
  /** Cached: the same for a character that is the first of the text. */
  readonly atStart: (Position | undefined)[];
}

/** Limit on the numbers and table entries of all cached positions together. They take a few MB. */
const MAX_KEPT = 1 << 18;
const NONE = new Int32Array();

export function createLinearMatcher(automaton: Automaton): LinearMatcher {
  const depths = Uint16Array.from(automaton.depths);
  const count = automaton.states.length;
  const isRoot = new Uint8Array(count);
  for (const root of automaton.roots) isRoot[root] = 1;
  const { matches, readers, before, needs, bodies } = reverse(automaton);
  const classes = charClasses(automaton);
  const known = new Map<string, Position>();
  let keptNumbers = 0;
  /** The step in which a state was last true. */
  const trueAt = new Float64Array(count);
  let step = 0;
  /** The true states of a step, in the order in which they were found. */
  const found = new Int32Array(count);
  const bits = new Uint16Array(Math.ceil(count / 16));
  let visits = 0;
  let end: Position | undefined;

  /** `behind` is the position after the character; null at the end of the text. */
  function position(behind: Position | null, charClass: number, isStart: boolean): Position {
    const now = ++step;
    const behindStates = behind === null ? NONE : behind.states;
    let length = 0;
    let seen = 0;
    let settled = 0;
    for (let depth = matches.length - 1; depth >= 0; depth--) {
      for (const match of matches[depth]!) {
        trueAt[match] = now;
        found[length++] = match;
      }
      for (; seen < behindStates.length && depths[behindStates[seen]!] === depth; seen++) {
        const next = behindStates[seen]!;
        const last = readers.offsets[next + 1]!;
        for (let i = readers.offsets[next]!; i < last; i++) {
          const reader = readers.items[i]!;
          visits += 1;
          if (!classes.reads(reader, charClass)) continue;
          trueAt[reader] = now;
          found[length++] = reader;
        }
      }
      for (; settled < length; settled++) {
        const next = found[settled]!;
        const last = before.offsets[next + 1]!;
        for (let i = before.offsets[next]!; i < last; i++) {
          const state = before.items[i]!;
          visits += 1;
          if (trueAt[state] === now || !holds(state, isStart, behind === null)) continue;
          trueAt[state] = now;
          found[length++] = state;
        }
      }
    }
    return kept(found.subarray(0, length));
  }

  function holds(state: number, isStart: boolean, isEnd: boolean): boolean {
    const need = needs[state];
    if (need === NEEDS.nothing) return true;
    if (need === NEEDS.start) return isStart;
    if (need === NEEDS.end) return isEnd;
    // The body of a lookahead is deeper, so all of it has been decided before.
    return (trueAt[bodies[state]!] === step) === (need === NEEDS.lookahead);
  }

  function kept(states: Int32Array): Position {
    const key = keyOf(states);
    const same = known.get(key);
    if (same) return same;
    keptNumbers += states.length + 2 * classes.count;
    if (keptNumbers > MAX_KEPT) {
      known.clear();
      keptNumbers = 0;
      end = undefined;
    }
    const made: Position = {
      states: states.slice(),
      found: states.some((state) => isRoot[state] === 1),
      before: [],
      atStart: [],
    };
    known.set(key, made);
    return made;
  }

  /** One bit per state. */
  function keyOf(states: Int32Array): string {
    bits.fill(0);
    for (const state of states) bits[state >> 4]! |= 1 << (state & 15);
    return String.fromCharCode(...bits);
  }

  return {
    matches(text) {
      if (text === '') return position(null, 0, true).found;
      let at = (end ??= position(null, 0, false));
      let isFound = at.found;
      for (let i = text.length - 1; i >= 0; i--) {
        const charClass = classes.of(text.charCodeAt(i));
        const table = i === 0 ? at.atStart : at.before;
        at = table[charClass] ??= position(at, charClass, i === 0);
        isFound ||= at.found;
      }
      return isFound;
    },
    get visits() {
      return visits;
    },
  };
}
