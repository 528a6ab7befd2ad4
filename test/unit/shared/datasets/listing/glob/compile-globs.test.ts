import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { compileGlobs } from '#forebay/shared/datasets/listing/glob/compile-globs.js';
import { ForebayError } from '#forebay/shared/errors.js';

const PIECES = [
  'a', 'b', 'A', '1', '.', '-', '_', ' ', '/', '*', '?', '**', '**/', '/**', '*.', './', '\\', '!', '+', '@', '^', '$', '|', ',', '..',
  '(', ')', '{', '}', '[', ']', '"', '[ab]', '[^a]', '[!a]', '[a-c]', '[[:alpha:]]', '{a,b}', '{a..c}', '{1..3}', '{a,*.b,}',
  '@(a|b)', '?(a)', '*(a|b)', '+(a|b)', '!(a)', '!(a*)', '!(*.b)', '+(a*)', '(a|b)', '(a)+', '(?=a)', '(?!a)', '(?:a)', '\\d', '\\w', '\\*', '\\[',
  'ü', '\u2028', '\n',
]; // prettier-ignore

const pattern = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.join(''));
const name = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'c',
      'ab',
      'A',
      '1',
      '.',
      '..',
      '/',
      '-',
      '*',
      '!',
      '[',
      '(',
      '{',
      '\\',
      'ü',
      '\n',
      '\u2028',
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((pieces) => pieces.join(''));

/** Null for a construct that cannot be matched in linear time. */
function compiled(patterns: readonly string[]) {
  try {
    return compileGlobs(patterns);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_request' });
    return null;
  }
}

describe('a list of globs', () => {
  it('matches exactly what picomatch matches', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        fc.array(name, { minLength: 5, maxLength: 20 }),
        (patterns, names) => {
          const matcher = compiled(patterns);
          if (matcher === null) return;
          const reference = picomatch(patterns);
          for (const text of names) {
            compared += 1;
            expect([patterns, text, matcher.matches(text)]).toEqual([patterns, text, reference(text)]);
          }
        },
      ),
      { numRuns: Number(process.env['FOREBAY_GLOB_RUNS'] ?? 1500) },
    );
    expect(compared).toBeGreaterThan(5_000);
  });

  it('takes time in proportion to name and pattern, however many consecutive stars there are', () => {
    for (const stars of [12, 100, 400]) {
      for (const length of [40, 255, 2000]) {
        const matcher = compileGlobs([`${'*?'.repeat(stars)}[^b]c`]);
        expect(matcher.matches(`${'a'.repeat(length)}c`)).toBe(length > stars);
        expect(matcher.matches('ab'.repeat(length / 2) + 'bc')).toBe(false);
        // Two states per star and one or two edges per state, for every character.
        expect(matcher.visits).toBeLessThan(10 * (stars + 5) * 2 * (length + 3));
      }
    }
  });

  it('takes linear time even for names that have nothing in common', () => {
    const matcher = compileGlobs([`${'?'.repeat(200)}a*`]);
    let seed = 1;
    for (let name = 0; name < 50; name++) {
      const text = Array.from({ length: 255 }, () =>
        (seed = (seed * 48271) % 2147483647) % 2 ? 'a' : 'b',
      ).join('');
      expect(matcher.matches(text)).toBe(text[200] === 'a');
    }
    expect(matcher.visits).toBeLessThan(50 * 255 * 2 * 210);
  });

  it.each([
    ['a(?<=a)', 'a lookbehind'],
    ['(a)\\1', 'a backreference'],
    ['a\\b', 'a word boundary'],
    ['('.repeat(21) + ')'.repeat(21), 'nests deeper than 20'],
    [`a/${'\\\\'.repeat(4)}`, 'ends in the middle'],
    [`a/${'\\\\'.repeat(500)}`, 'ends in the middle'],
    ['[][:alpha:', 'ends in the middle'],
    ['*'.repeat(1025), 'more than 1024 characters'],
  ])('refuses %j, naming the pattern', (bad, why) => {
    expect(() => compileGlobs(['*.jpg', bad])).toThrow(ForebayError);
    expect(() => compileGlobs(['*.jpg', bad])).toThrow(why);
    expect(() => compileGlobs(['*.jpg', bad])).toThrow(`"${bad.slice(0, 80)}`);
  });

  it.each([
    [1, 'is too large. Give a shorter pattern.'],
    [2, 'and the other pattern are too large together. Give fewer or shorter patterns.'],
    [3, 'and the 2 other patterns are too large together. Give fewer or shorter patterns.'],
  ])('says how many patterns are too large: %i', (count, says) => {
    const patterns = Array.from({ length: count }, (_, i) => '/*'.repeat(510) + i);
    const message = `The pattern "${patterns[0]!.slice(0, 80)}..." ${says}`;
    expect(() => compileGlobs(['*.jpg', ...patterns].slice(-count))).toThrow(message);
  });

  it('refuses patterns that are too large together, but accepts any number of plain names', () => {
    const patterns = (of: string) => Array.from({ length: 100 }, (_, i) => of.repeat(20) + i);
    expect(() => compileGlobs(patterns('**/*'))).toThrow('too large together');
    expect(compileGlobs(patterns('name/')).matches(`${'name/'.repeat(20)}99`)).toBe(true);
  });
});
