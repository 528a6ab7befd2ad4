// The JavaScript tokenizer and the compiled tokenizer give the same ids and the same offsets in the text.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTokenizer, type TokenizerFile } from '#forebay/shared/tasks/text/tokenizer-file.js';
import { createTokenizer, whyNotInJs } from '#forebay/workers/lane/text/tokenizer/create-tokenizer.js';
import { createJsTokenizer } from '#forebay/workers/lane/text/tokenizer/js-tokenizer.js';
import {
  createNativeTokenizer,
  NATIVE,
  type NativeLibrary,
} from '#forebay/workers/lane/text/tokenizer/native-tokenizer.js';
import type { EncodedText } from '#forebay/workers/lane/text/tokenizer/text-tokenizer.js';
import { byteLevelFile } from '../../../../support/byte-level-file.ts';
import { createRandom } from '../../../../support/random.ts';
import { VOCABULARY, wordPieceFile } from '../../../../support/text-models.ts';

const native = (() => {
  try {
    return createRequire(import.meta.url)(NATIVE) as NativeLibrary;
  } catch {
    return null;
  }
})();

const MINILM = resolve(import.meta.dirname, '../../../../../../shared/data/open/text-minilm/tokenizer.json');

function parsed(file: object | Buffer): TokenizerFile {
  const reading = parseTokenizer(Buffer.isBuffer(file) ? file : Buffer.from(JSON.stringify(file)));
  if (!reading.ok) throw new Error(reading.why);
  return reading.file;
}

/** Unusual pieces of text, separated by |. */
const PARTS =
  'a|the|New York|Łódź|naïve|cafe\u0301|É|İstanbul|ΟΔΟΣ|ß|ﬁ|ǅ|ı|ſ|日本語|한국어|\u1112\u1161\u11ab|𠀋|हिन्दी|ไทย|עברית|العربية|ﷺ|👍🏽|👨‍👩‍👧|Ａ|①|½' +
  '|\t|\n|\r\n| |  |\u00a0|\u200b|\u3000|\u0000|\ufffd|\ue000|\u0301|\u00ad' +
  `|.|,|!|...|--|#|##er|don't|U.S.A.|1,024|3.14|${'x'.repeat(120)}|[MASK]|[SEP]|<mask>|<s>`;
const ODD = PARTS.split('|');

const NOT_EXACT = 'does not run it exactly';

function oddTexts(count: number): string[] {
  const random = createRandom(13);
  return Array.from({ length: count }, () =>
    Array.from({ length: random.int(1, 8) }, () => random.pick(ODD)).join(random.pick(['', ' '])),
  );
}

describe.skipIf(native === null)('the compiled tokenizer (skipped if it is not installed)', () => {
  it.each<[string, () => object | Buffer, boolean]>([
    ['a WordPiece file', () => wordPieceFile(), true],
    ['a byte-level BPE file', () => byteLevelFile(), true],
    ['the WordPiece file of MiniLM', () => readFileSync(MINILM), existsSync(MINILM)],
  ])(
    'agrees with the JavaScript tokenizer on the ids and offsets of odd texts, for %s',
    async (_, read, isThere) => {
      if (!isThere) return;
      const file = parsed(read());
      const inJs = createJsTokenizer(file, true);
      const compiled = createNativeTokenizer(native!, file, true);
      for (const text of oddTexts(300)) {
        expect({ text, ...((await inJs.encode(text)) as object) }).toEqual({
          text,
          ...((await compiled.encode(text)) as object),
        });
      }
    },
  );

  it('agrees on all ids and all non-empty offsets for a file that adds a space before the text', async () => {
    const file = parsed(byteLevelFile({ addPrefixSpace: true }));
    const offsetsOf = ({ ids, offsets }: EncodedText) =>
      ids.flatMap((id, i) =>
        offsets!.starts[i] === offsets!.ends[i] ? [] : [[id, offsets!.starts[i], offsets!.ends[i]]],
      );
    for (const text of oddTexts(300)) {
      const inJs = await createJsTokenizer(file, true).encode(text);
      const compiled = await createNativeTokenizer(native!, file, true).encode(text);
      expect([text, inJs.ids]).toEqual([text, compiled.ids]);
      expect([text, offsetsOf(inJs)]).toEqual([text, offsetsOf(compiled)]);
    }
  });

  it.each<[string, object]>([
    ['bytes', byteLevelFile({ addPrefixSpace: true })],
    ['words', { ...wordPieceFile(), pre_tokenizer: { type: 'WhitespaceSplit' }, normalizer: null }],
    ['clean words', wordPieceFile()],
  ])('gives the ids of texts whose spaces are disputed, for %s', async (_, file) => {
    const chosen = createTokenizer(parsed(file), 'tokenizer.json', false);
    const compiled = createNativeTokenizer(native!, parsed(file), false);
    const texts = oddTexts(100).map((text, i) => text.replaceAll(' ', [' ', '\u0085', ' \ufeff '][i % 3]!));
    for (const text of ['the \ufeff the', 'new\u0085york', ...texts]) {
      expect([text, (await chosen.encode(text)).ids]).toEqual([text, (await compiled.encode(text)).ids]);
    }
  });

  it('runs files that the JavaScript tokenizer cannot run exactly', async () => {
    const unigram = {
      ...wordPieceFile(),
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: null,
      added_tokens: [],
      model: {
        type: 'Unigram',
        unk_id: 0,
        byte_fallback: false,
        vocab: [
          ['<unk>', 0],
          ['▁New', -1],
          ['▁York', -1],
          ['▁', -2],
          ['s', -3],
          ['<pad>', -9],
        ],
      },
    };
    const tokenizer = createTokenizer(parsed(unigram), 'tokenizer.json', true);
    expect(await tokenizer.encode('New Yorks 👍 York')).toEqual({
      ids: [1, 2, 4, 3, 0, 2],
      offsets: {
        starts: [0, 4, 8, 10, 10, 13],
        ends: [3, 8, 9, 10, 12, 17],
        continues: [false, false, true, false, true, false],
      },
    });
    expect(tokenizer.idOf('<pad>')).toBe(5);
    expect(tokenizer.idOf('nothing')).toBeNull();
  });
});

it('offsets are in UTF-16 code units, and tokens that continue a word are marked', async () => {
  const { ids, offsets } = await createJsTokenizer(parsed(wordPieceFile()), true).encode('👍 Newer, 𠀋 YORK');
  expect(ids.map((id) => VOCABULARY[id])).toEqual(['[UNK]', 'new', '##er', ',', '[UNK]', 'york']);
  expect(offsets).toEqual({
    starts: [0, 3, 6, 8, 10, 13],
    ends: [2, 6, 8, 9, 12, 17],
    continues: [false, false, true, false, false, false],
  });
});

it('text that the vocabulary lacks is an error if the file has no token for unknown text', () => {
  const { model, ...file } = wordPieceFile() as { model: object };
  const tokenizer = createJsTokenizer(parsed({ ...file, model: { ...model, unk_token: null } }), false);
  expect(() => tokenizer.encode('zebra')).toThrow(/no token for .*unknown text/);
});

it('the reason for the compiled tokenizer is exactness, or offsets if only they are missing', () => {
  const file = wordPieceFile();
  const plainBpe = parsed({
    ...file,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'BPE', vocab: { a: 0, '<unk>': 1 }, merges: [], unk_token: '<unk>' },
  });
  const odd = parsed({ ...file, pre_tokenizer: { type: 'Nonsense' } });
  expect(whyNotInJs(parsed(file), true)).toBeNull();
  expect(whyNotInJs(plainBpe, false)).toBeNull();
  expect(whyNotInJs(plainBpe, true)).toBe('does not find the offsets of its tokens in the text');
  for (const offsets of [false, true]) expect(whyNotInJs(odd, offsets)).toBe(NOT_EXACT);
});

const SPLIT = { type: 'Split', pattern: { Regex: ',' }, behavior: 'Isolated', invert: false };
const BPE = { type: 'BPE', vocab: { a: 0, '<unk>': 1 }, merges: [], unk_token: '<unk>', fuse_unk: false };

it.each<[string, string | null, object]>([
  ['isolates punctuation', NOT_EXACT, { pre_tokenizer: { type: 'Punctuation', behavior: 'Isolated' } }],
  ['joins punctuation', null, { pre_tokenizer: { type: 'Punctuation', behavior: 'Contiguous' } }],
  ['isolates what a pattern finds', null, { pre_tokenizer: SPLIT }],
  ['isolates all else', NOT_EXACT, { pre_tokenizer: { ...SPLIT, invert: true } }],
  ['removes what a pattern finds', null, { pre_tokenizer: { ...SPLIT, behavior: 'Removed' } }],
  [
    'removes a text',
    NOT_EXACT,
    { pre_tokenizer: { ...SPLIT, behavior: 'Removed', pattern: { String: ',' } } },
  ],
  ['joins what a pattern finds', NOT_EXACT, { pre_tokenizer: { ...SPLIT, behavior: 'MergedWithPrevious' } }],
  ['is plain BPE', null, { model: BPE }],
  ['joins unknown characters', NOT_EXACT, { model: { ...BPE, fuse_unk: true } }],
  [
    'joins unknown characters, of which there are none',
    null,
    { model: { ...BPE, fuse_unk: true, byte_fallback: true } },
  ],
  ['drops unknown characters', NOT_EXACT, { model: { ...BPE, unk_token: null } }],
  ['marks the insides of words', NOT_EXACT, { model: { ...BPE, continuing_subword_prefix: '##' } }],
  [
    'has a token inside of one of another kind',
    NOT_EXACT,
    {
      added_tokens: [
        { id: 5, content: 'foo', normalized: false },
        { id: 6, content: 'foobar', normalized: true },
      ],
    },
  ],
])('a file that %s: %s', (_what, why, more) => {
  expect(whyNotInJs(parsed({ ...wordPieceFile(), ...more }), false)).toBe(why);
});

it.each<[string, object]>([
  [
    'removes texts',
    {
      ...byteLevelFile(),
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { ...SPLIT, behavior: 'Removed' },
          { type: 'ByteLevel', use_regex: false },
        ],
      },
    },
  ],
  [
    'strips texts',
    { ...wordPieceFile(), normalizer: { type: 'Strip', strip_left: true, strip_right: true } },
  ],
])('a file that %s needs the compiled tokenizer only for offsets', (_what, file) => {
  expect(whyNotInJs(parsed(file), false)).toBeNull();
  expect(whyNotInJs(parsed(file), true)).toBe('does not find the offsets of its tokens in the text');
});

it('a file with an unknown part is refused, or asks for the compiled tokenizer if it is not installed', () => {
  const odd = parsed({ ...wordPieceFile(), pre_tokenizer: { type: 'Nonsense' } });
  expect(() => createTokenizer(odd, 'tokenizer.json', false)).toThrow(
    native === null ? /npm install @anush008\/tokenizers/ : /cannot use the tokenizer tokenizer\.json/,
  );
});
