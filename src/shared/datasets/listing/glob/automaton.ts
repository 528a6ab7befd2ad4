/**
 * A regular expression as a graph of states. A state is true at a position of a text if it can reach a match from
 * there. A lookahead is a state too. It needs its body to be true at the same position, or false if the lookahead is
 * negative.
 */
import type { CharSet } from './char-set.ts';
import type { Regex } from './parse-regex.ts';

export type State =
  | { readonly kind: 'match' }
  | { readonly kind: 'char'; readonly set: CharSet; readonly next: number }
  | { readonly kind: 'either'; a: number; b: number }
  | { readonly kind: 'start' | 'end'; readonly next: number }
  | { readonly kind: 'lookahead'; readonly body: number; readonly negative: boolean; readonly next: number };

export interface Automaton {
  readonly states: readonly State[];
  /** The number of lookaheads that contain each state. */
  readonly depths: readonly number[];
  /** The first state of each expression. */
  readonly roots: readonly number[];
}

/** Throws RangeError if the expressions need more states than `most`. */
export function buildAutomaton(expressions: readonly Regex[], most: number): Automaton {
  const builder = new Builder(most);
  const match = builder.add({ kind: 'match' }, 0);
  const roots = expressions.map((expression) => builder.build(expression, match, 0));
  return { states: builder.states, depths: builder.depths, roots };
}

class Builder {
  readonly states: State[] = [];
  readonly depths: number[] = [];
  private readonly most: number;
  /** Steps are limited too, because repeating an empty expression takes time without adding states. */
  private steps = 0;

  constructor(most: number) {
    this.most = most;
  }

  add(state: State, depth: number): number {
    this.states.push(state);
    this.depths.push(depth);
    return this.states.length - 1;
  }

  /** Returns the state that reads `regex` and continues at `next`. */
  build(regex: Regex, next: number, depth: number): number {
    if (++this.steps > 2 * this.most || this.states.length > this.most) {
      throw new RangeError(`more than ${this.most} states`);
    }
    switch (regex.kind) {
      case 'set':
        return this.add({ kind: 'char', set: regex.set, next }, depth);
      case 'start':
      case 'end':
        return this.add({ kind: regex.kind, next }, depth);
      case 'sequence':
        return regex.parts.reduceRight((behind, part) => this.build(part, behind, depth), next);
      case 'choice':
        return regex.options
          .map((option) => this.build(option, next, depth))
          .reduce((a, b) => this.add({ kind: 'either', a, b }, depth));
      case 'lookahead': {
        const end = this.add({ kind: 'match' }, depth + 1);
        const body = this.build(regex.body, end, depth + 1);
        return this.add({ kind: 'lookahead', body, negative: regex.negative, next }, depth);
      }
      case 'repeat':
        return this.repeat(regex, next, depth);
    }
  }

  private repeat(
    { body, min, max }: Extract<Regex, { kind: 'repeat' }>,
    next: number,
    depth: number,
  ): number {
    let at = max === Infinity ? this.loop(body, next, depth) : next;
    if (max !== Infinity) {
      for (let i = min; i < max; i++) {
        at = this.add({ kind: 'either', a: this.build(body, at, depth), b: next }, depth);
      }
    }
    for (let i = 0; i < min; i++) at = this.build(body, at, depth);
    return at;
  }

  private loop(body: Regex, next: number, depth: number): number {
    const loop: State = { kind: 'either', a: next, b: next };
    const at = this.add(loop, depth);
    loop.a = this.build(body, at, depth);
    return at;
  }
}
