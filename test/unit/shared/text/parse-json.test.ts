// Where a file is wrong that should be JSON.
import { expect, it } from 'vitest';
import { parseJson } from '#forebay/shared/text/parse-json.js';

it.each([
  ['a comma too many', '{\n  "a": 1,\n}', /^is not JSON: .* at line 3, column 1$/],
  ['text after the end', '{"a": 1}}', /^is not JSON: .* at line 1, column 9$/],
  ['a comment', '// mine\n{}', /^is not JSON: [^\n]*; JSON has no comments$/],
  ['nothing', ' \n', /^is empty; write it, or copy it again$/],
])('shows %s', (_what, text, says) => {
  const reading = parseJson(text);
  expect(reading).toMatchObject({ ok: false, why: expect.stringMatching(says) as string });
});

it('returns what the text says', () => {
  expect(parseJson('[1]')).toEqual({ ok: true, value: [1] });
});
