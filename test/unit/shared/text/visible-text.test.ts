import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleLine, visibleText } from '#forebay/shared/text/visible-text.js';

const STEERS = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const units = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('\u001b', '\u009b', '\r', '\u007f', '\u202e', '\u2066', '[', 'm', '\n'),
  }),
);

describe('text that is shown', () => {
  it('cannot control a terminal or the direction of text', () => {
    expect(visibleText('a\u001b[31mb\u009b2Kc\u202ed\re\u007f')).toBe(
      String.raw`a\u001b[31mb\u009b2Kc\u202ed\u000de\u007f`,
    );
    fc.assert(
      fc.property(units, (text) => {
        expect(visibleText(text).replaceAll(/[\n\t]/g, '')).not.toMatch(STEERS);
        expect(visibleLine(text)).not.toMatch(STEERS);
      }),
    );
  });

  it('keeps lines, tabs and all other characters', () => {
    expect(visibleText('one\n\ttwo: \u00e9 \u{1f600} \u0645')).toBe('one\n\ttwo: \u00e9 \u{1f600} \u0645');
    expect(visibleLine('one\ntwo')).toBe(String.raw`one\u000atwo`);
  });

  it('keeps its value if it is JSON', () => {
    fc.assert(
      fc.property(units, (text) => {
        expect(JSON.parse(visibleText(JSON.stringify({ text })))).toEqual({ text });
      }),
    );
  });
});
