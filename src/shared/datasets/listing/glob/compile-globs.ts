/**
 * Matches globs of picomatch in linear time. picomatch turns a glob into a regular expression. V8 can backtrack in it for
 * minutes, for example if `*?` is repeated twelve times. So an automaton runs it instead.
 */
import picomatch from 'picomatch';
import { ForebayError, messageOf } from '../../../errors.ts';
import { buildAutomaton } from './automaton.ts';
import { createLinearMatcher, type LinearMatcher } from './linear-matcher.ts';
import { parseRegex, UnsupportedRegex, type Regex } from './parse-regex.ts';
import { shortened } from '../../../text/shortened.ts';

/** Maximum number of characters in one pattern. */
export const MAX_PATTERN_CHARS = 1024;
/** Maximum depth of brackets. The time of picomatch's parser grows with the cube of the depth. */
const MAX_NESTING = 20;
/** Maximum number of states for all patterns of one list. A character takes 1 state, a star 2, a globstar about 20. */
const MAX_STATES = 4096;
/** A pattern of this form matches only itself, so it needs no automaton. */
const PLAIN = /^[\w/-][\w./-]*$/;

/** picomatch never finishes parsing a pattern that ends in four backslashes or in the middle of a named class. */
const ENDLESS = /\\{4}$|\[:[a-z]+:$/;

/**
 * The matcher returns whether a text matches one of the patterns. Throws ForebayError `invalid_request`, which names a
 * pattern that is too large, cannot be read, or cannot be matched in linear time.
 */
export function compileGlobs(patterns: readonly string[]): LinearMatcher {
  const matcher = createLinearMatcher(automatonOf(patterns.filter((pattern) => !PLAIN.test(pattern))));
  // In picomatch, a text that equals the pattern matches it, whatever the pattern means.
  const literal = new Set(patterns);
  return {
    matches: (text) => text !== '' && (literal.has(text) || matcher.matches(text)),
    get visits() {
      return matcher.visits;
    },
  };
}

function automatonOf(patterns: readonly string[]) {
  const expressions = patterns.map(expressionOf);
  try {
    return buildAutomaton(expressions, MAX_STATES);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const longest = patterns.reduce((a, b) => (b.length > a.length ? b : a));
    throw refused(longest, tooLarge(patterns.length - 1), cause);
  }
}

function tooLarge(others: number): string {
  if (others === 0) return 'is too large. Give a shorter pattern';
  const rest = others === 1 ? 'other pattern' : `${others} other patterns`;
  return `and the ${rest} are too large together. Give fewer or shorter patterns`;
}

function expressionOf(pattern: string): Regex {
  if (pattern.length > MAX_PATTERN_CHARS)
    throw refused(pattern, `has more than ${MAX_PATTERN_CHARS} characters`);
  if (nesting(pattern) > MAX_NESTING) throw refused(pattern, `nests deeper than ${MAX_NESTING} brackets`);
  if (ENDLESS.test(pattern)) throw refused(pattern, 'ends in the middle of an escape or a class');
  try {
    return parseRegex(picomatch.makeRe(pattern).source);
  } catch (cause) {
    if (cause instanceof UnsupportedRegex) {
      throw refused(pattern, `has ${cause.what}, which is not supported`, cause);
    }
    throw refused(pattern, `cannot be read as a glob: ${messageOf(cause)}`, cause);
  }
}

/** Counts escaped and quoted brackets too, which is good enough for a limit. */
function nesting(pattern: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of pattern) {
    if (char === '(' || char === '{') deepest = Math.max(deepest, ++depth);
    else if ((char === ')' || char === '}') && depth > 0) depth -= 1;
  }
  return deepest;
}

function refused(pattern: string, why: string, cause?: unknown): ForebayError {
  return new ForebayError('invalid_request', `The pattern "${shortened(pattern, 80)}" ${why}.`, { cause });
}
