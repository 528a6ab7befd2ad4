// Text embeddings of a lane. The graph looks up two numbers per token, so every answer is known.
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { OptionValues } from '#forebay/shared/tasks/task-description.js';
import { loadedLane, testFolder } from '../../support/lanes.ts';
import {
  echoInput,
  largestAndNegated,
  largestOfTokens,
  tokenTable,
  type TextGraph,
} from '../../support/onnx/text-graphs.ts';
import {
  idOf,
  records,
  runTexts,
  VOCABULARY,
  wordPieceFile,
  writeTextModel,
  type TextModelParts,
} from '../../support/text-models.ts';

/** Each token has two numbers: its id, and the negated id. */
const table = VOCABULARY.map((_, id) => [id, -id]);
const [CLS, SEP] = [idOf('[CLS]'), idOf('[SEP]')];

function embeddingOf(outcome: RowOutcome | undefined): number[] {
  if (outcome?.ok !== true) throw new Error(`a failed row: ${JSON.stringify(outcome)}`);
  return (JSON.parse(`{${outcome.result}}`) as { embedding: number[] }).embedding;
}

async function lane(
  config: object,
  graph: Partial<TextGraph> | Buffer = {},
  more: Partial<TextModelParts> = {},
) {
  const model = writeTextModel(testFolder(), {
    graph: Buffer.isBuffer(graph) ? graph : tokenTable({ table, ...graph }),
    config: { task: 'text-embedding', normalize: false, ...config },
    ...more,
  });
  const loaded = await loadedLane(model);
  return async (rows: readonly { json: string }[], asked: OptionValues = {}) =>
    runTexts(loaded, model, rows, asked);
}

const ids = (...tokens: string[]) => [CLS, ...tokens.map(idOf), SEP];
const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
const sevenDigits = (n: number) => Number(n.toPrecision(7));

it('texts of mixed lengths in one batch are answered in their order, each as if it were alone', async () => {
  const texts = ['a', 'new york, paris.', '', 'mary loves paris', 'b c', 'a b c a b c a b c a b c'];
  const run = await lane({ pooling: 'mean', tokens_per_call: 20 });
  const expected = [
    ids('a'),
    ids('new', 'york', ',', 'paris', '.'),
    ids(),
    ids('mary', 'loves', 'paris'),
    ids('b', 'c'),
    ids(...Array.from('abcabcabcabc')),
  ].map((row) => sevenDigits(mean(row)));
  expect((await run(records(...texts))).map((outcome) => embeddingOf(outcome)[0])).toEqual(expected);
});

it.each([
  ['mean', mean(ids('paris', 'a'))],
  ['cls', CLS],
  ['max', idOf('paris')],
  ['last', SEP],
] as const)('%s pooling ignores padding', async (pooling, first) => {
  const run = await lane({ pooling });
  const [row] = await run(records('paris a', 'a b c a b c a b c'));
  expect(embeddingOf(row)[0]).toBe(sevenDigits(first));
});

it.each<[string, Partial<TextGraph>]>([
  ['int32 inputs', { type: 'int32' }],
  ['a fixed batch', { batch: 4 }],
  ['a fixed number of tokens', { length: 16 }],
  ['a fixed batch of 1 and a fixed number of tokens', { batch: 1, length: 16 }],
  ['no attention mask', { inputs: [] }],
  ['no token types', { inputs: ['attention_mask'] }],
])('a graph with %s gives the same answers', async (_, graph) => {
  const run = await lane({ pooling: 'mean' }, graph);
  const rows = await run(records('a', 'new york', 'b', 'c', 'a b c paris', 'mary'));
  expect(rows.map((row) => embeddingOf(row)[0])).toEqual(
    [['a'], ['new', 'york'], ['b'], ['c'], ['a', 'b', 'c', 'paris'], ['mary']].map((tokens) =>
      sevenDigits(mean(ids(...tokens))),
    ),
  );
});

it('a graph that returns one vector per text needs no pooling', async () => {
  const run = await lane({}, largestOfTokens({ table, output: 'sentence_embedding' }));
  expect(embeddingOf((await run(records('mary a')))[0])).toEqual([idOf('mary'), -CLS]);
});

it.each<[config: object, names: [string, string], largest: boolean]>([
  [{ output: 'first' }, ['first', 'second'], true],
  [{ output: 'second' }, ['first', 'second'], false],
  [{ output: 'second' }, ['sentence_embedding', 'second'], false],
  [{}, ['sentence_embedding', 'pooler_output'], true],
  [{}, ['pooler_output', 'sentence_embedding'], false],
])('of two outputs, the one that %j means is taken from %j', async (config, names, isLargest) => {
  const run = await lane(config, largestAndNegated({ table }, names));
  const largest = [idOf('mary'), -CLS];
  expect(embeddingOf((await run(records('mary a')))[0])).toEqual(
    isLargest ? largest : largest.map((number) => -number),
  );
});

it('vectors are cut to the dimensions of the job or the config, and then scaled to length 1', async () => {
  const run = await lane({ pooling: 'cls', normalize: true, dimensions: 2 });
  const text = records('a');
  expect(embeddingOf((await run(text))[0])).toEqual([Math.SQRT1_2, -Math.SQRT1_2].map(sevenDigits));
  expect(embeddingOf((await run(text, { dimensions: 1 }))[0])).toEqual([1]);
  expect((await run(text, { dimensions: 3 }))[0]).toMatchObject({ error: { code: 'config_mismatch' } });
});

it('the prompt of the config or the job goes before each text', async () => {
  const prompts = { query: 'new ', passage: 'york: ' };
  const run = await lane({ prompts, prompt: 'query', max_length: 8 }, echoInput());
  expect(embeddingOf((await run(records('a')))[0])).toEqual(ids('new', 'a'));
  const passage = await run(records('a'), { prompt: 'passage' });
  expect(embeddingOf(passage[0])).toEqual(ids('york', '[UNK]', 'a'));
  expect((await run(records('a'), { prompt: 'none' }))[0]).toMatchObject({ error: { code: 'invalid_row' } });
});

it('long texts are cut on the side that the config names, and special tokens stay', async () => {
  const text = records('a b c paris mary york');
  const right = await lane({ max_length: 5 }, echoInput());
  expect(embeddingOf((await right(text))[0])).toEqual(ids('a', 'b', 'c'));
  const left = await lane({ max_length: 5, truncation_side: 'left' }, echoInput());
  expect(embeddingOf((await left(text))[0])).toEqual(ids('paris', 'mary', 'york'));
});

it('the attention mask marks the tokens of each text, and not the padding', async () => {
  const run = await lane({ tokens_per_call: 100 }, echoInput('attention_mask'));
  const rows = await run(records('a', 'a b c'));
  expect(rows.map(embeddingOf)).toEqual([
    [1, 1, 1, 0, 0],
    [1, 1, 1, 1, 1],
  ]);
});

/** An id that no token of the vocabulary has. */
const PAD = VOCABULARY.length;

it.each<[source: string, config: object, tokenizer: object, token: string]>([
  ['the config', { pad_token: 'york' }, { padding: { pad_token: 'mary' } }, 'york'],
  ['the tokenizer, if the config has none', {}, { padding: { pad_token: 'mary' } }, 'mary'],
  ['the usual name, if neither has one', {}, { padding: null }, '[PAD]'],
  ['the usual name, if the tokenizer names no token', {}, { padding: { pad_token: '<none>' } }, '[PAD]'],
])('texts are padded with the token of %s', async (_, more, settings, token) => {
  // The usual token has another id than 0, which an empty tensor holds.
  const { model, ...rest } = wordPieceFile(settings) as { model: object };
  const vocab = Object.fromEntries([...VOCABULARY.map((name, id) => [name, id]), ['[PAD]', PAD]]);
  const tokenizer = { ...rest, added_tokens: [], model: { ...model, vocab } };
  const run = await lane({ tokens_per_call: 100, ...more }, echoInput(), { tokenizer });
  const pad = token === '[PAD]' ? PAD : idOf(token);
  expect(embeddingOf((await run(records('a', 'a b')))[0])).toEqual([...ids('a'), pad]);
});

it('a text of a million characters is cut, and answered within seconds', async () => {
  const run = await lane({ pooling: 'mean', max_length: 6 });
  const started = performance.now();
  const rows = await run(records('mary '.repeat(200_000), 'x'.repeat(10 ** 6), ' '.repeat(10 ** 6), 'a'));
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(rows.map((row) => embeddingOf(row)[0])).toEqual(
    [['mary', 'mary', 'mary', 'mary'], ['[UNK]'], [], ['a']].map((tokens) =>
      sevenDigits(mean(ids(...tokens))),
    ),
  );
});
