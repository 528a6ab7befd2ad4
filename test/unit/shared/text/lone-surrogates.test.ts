import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replaceLoneSurrogates, wellFormed } from '#forebay/shared/text/lone-surrogates.js';

const unit = fc.constantFrom(
  '\ud83d',
  '\ude00',
  '\udbff',
  '\udc00',
  '\\',
  'u',
  'd83d',
  'x',
  '\ud7ff',
  '\ufffd',
);

/** Python and others write all characters beyond ASCII as escapes, in either case. */
function escaped(json: string, isUpper: boolean): string {
  return json.replaceAll(/[^ -~]/g, (one) => {
    const code = one.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${isUpper ? code.toUpperCase() : code}`;
  });
}

it('in JSON becomes U+FFFD, whatever is around it, and pairs and backslashes stay', () => {
  fc.assert(
    fc.property(fc.array(unit), fc.boolean(), fc.boolean(), (units, isAscii, isUpper) => {
      const text = units.join('');
      const written = JSON.stringify(text);
      const json = Buffer.from(isAscii ? escaped(written, isUpper) : written);
      replaceLoneSurrogates(json);
      expect(JSON.parse(json.toString())).toBe(wellFormed(text));
    }),
  );
});
