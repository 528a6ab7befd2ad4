import { describe, expect, it } from 'vitest';
import { readBraces } from '#forebay/shared/text/brace-pattern.js';

function namesOf(pattern: string): string[] | string | null {
  const found = readBraces(pattern);
  if (found === null || typeof found === 'string') return found;
  return Array.from({ length: found.count }, (_, i) => found.at(i));
}

describe('braces', () => {
  it('list numbers and choices as a shell does', () => {
    expect(namesOf('s-{08..11}.tar')).toEqual(['s-08.tar', 's-09.tar', 's-10.tar', 's-11.tar']);
    expect(namesOf('s-{8..10}')).toEqual(['s-8', 's-9', 's-10']);
    expect(namesOf('{0..6..3}')).toEqual(['0', '3', '6']);
    expect(namesOf('{a,b}-{0..1}')).toEqual(['a-0', 'a-1', 'b-0', 'b-1']);
    expect(namesOf('{,x}')).toEqual(['', 'x']);
    expect(namesOf('plain.tar')).toBeNull();
  });

  it('name any of very many archives without listing them', () => {
    const many = readBraces('{000000000..999999999}');
    expect(many).toMatchObject({ count: 1e9 });
    expect((many as { at: (i: number) => string }).at(123)).toBe('000000123');
  });

  it.each([
    ['a{b', /do not match/],
    ['a}b', /do not match/],
    ['{a{b,c}}', /do not match, or are nested/],
    ['{5..1}', /counts down/],
    ['{a}', /lists nothing/],
    ['{}', /lists nothing/],
    ['{0..5..0}', /not a range/],
  ])('%s is refused', (pattern, why) => {
    expect(namesOf(pattern)).toMatch(why);
  });
});
