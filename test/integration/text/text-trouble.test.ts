// Bad texts fail alone. Text models that cannot be served are refused, and the error says what to change.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { codeOf, loadedLane, testFolder } from '../../support/lanes.ts';
import { echoInput, tokenTable, largestOfTokens } from '../../support/onnx/text-graphs.ts';
import {
  idOf,
  records,
  runTexts,
  VOCABULARY,
  wordPieceFile,
  writeTextModel,
} from '../../support/text-models.ts';

const table = VOCABULARY.map((_, id) => [id, -id]);
const graph = tokenTable({ table });
const config = { task: 'text-embedding', pooling: 'mean' };

it('rows that are not text fail alone, and say why', async () => {
  const dir = testFolder();
  writeFileSync(join(dir, 'good.txt'), '\ufeffmary loves paris');
  writeFileSync(join(dir, 'latin.txt'), Buffer.from('caf\xe9', 'latin1'));
  writeFileSync(join(dir, 'empty.txt'), '');
  const file = (name: string) => ({ path: join(dir, name), tenant: 'default' });
  const model = writeTextModel(testFolder(), { graph, config });
  const lane = await loadedLane(model);
  const rows = [
    ...records('a', 5, null, ['a'], { a: 1 }, true, undefined),
    { json: '[1]' },
    { json: '{' },
    { json: String.raw`{"text":"mary \ud800 loves"}` },
    file('good.txt'),
    file('latin.txt'),
    file('empty.txt'),
    file('gone.txt'),
    { bytes: Buffer.from('paris') },
  ];
  const outcomes = await runTexts(lane, model, rows);
  expect(outcomes.map(codeOf)).toEqual([
    'ok',
    ...Array<string>(8).fill('invalid_row'),
    'ok',
    'ok',
    'decode_failed',
    'empty_file',
    'file_not_found',
    'ok',
  ]);
  const messages = outcomes.map((outcome) => (outcome.ok ? '' : outcome.error.message));
  expect(messages[1]).toBe('the field "text" is a number, and must be text (a JSON string)');
  expect(messages[6]).toBe('the record has no field "text", which holds the text');
  expect(messages[11]).toBe('the file is not text in UTF-8: save it as UTF-8, or leave it out');
});

it('an empty text is an error only if the tokenizer adds no special tokens', async () => {
  const bare = { ...wordPieceFile(), post_processor: null };
  const model = writeTextModel(testFolder(), { graph, config, tokenizer: bare });
  const lane = await loadedLane(model);
  const outcomes = await runTexts(lane, model, records('', 'a', ' '));
  expect(outcomes.map(codeOf)).toEqual(['invalid_row', 'ok', 'invalid_row']);
});

it('a token for which the graph has no vector fails only the row that contains it', async () => {
  const small = tokenTable({ table: table.slice(0, idOf('paris')) });
  const model = writeTextModel(testFolder(), { graph: small, config });
  const lane = await loadedLane(model);
  const outcomes = await runTexts(lane, model, records('a', 'paris', 'b c'));
  expect(outcomes.map(codeOf)).toEqual(['ok', 'inference_failed', 'ok']);
});

const mismatches: readonly (readonly [string, Buffer, object, RegExp])[] = [
  [
    'positions as an input',
    tokenTable({ table, inputs: ['position_ids'] }),
    {},
    /does not number.*"position_ids" int64/,
  ],
  [
    'tokens that are not whole numbers',
    echoInput('input_ids', { type: 'float32' }),
    {},
    /^input_ids is a tensor \[batch, tokens\] of int64 or int32, but the graph's input is "input_ids" float32\[batch,tokens\]: export it again, or use the task "tensors"$/,
  ],
  ['an unknown input', tokenTable({ table, inputs: ['pixels'] }), {}, /inputs input_ids.*"pixels"/],
  [
    'more tokens than the graph takes',
    largestOfTokens({ table, inputs: ['attention_mask'], batch: 2, length: 8 }),
    {},
    /max_length is 16.*takes 8/,
  ],
  [
    'no pooling for one vector per token',
    graph,
    { pooling: undefined },
    /nothing says how they become one.*mean, cls/,
  ],
  [
    'pooling for one vector per text',
    largestOfTokens({ table }),
    {},
    /pooling is "mean".*one vector per text/,
  ],
  ['too many dimensions', graph, { dimensions: 3 }, /dimensions is 3, but .* 2 numbers/],
  ['an output that is not there', graph, { output: 'last_hidden' }, /did you mean "last_hidden_state"/],
  ['no room for a token', graph, { max_length: 2 }, /adds 2 special tokens/],
  ['a pad_token that is not there', graph, { pad_token: '<fill>' }, /pad_token is "<fill>".*no such token/],
];

it.each(mismatches)(
  'a lane refuses %s, and the error explains the contradiction',
  async (_, file, more, says) => {
    const model = writeTextModel(testFolder(), { graph: file, config: { ...config, ...more } });
    await expect(loadedLane(model)).rejects.toMatchObject({
      code: 'config_mismatch',
      message: expect.stringMatching(says) as string,
    });
  },
);

it('a tokenizer without a padding token needs pad_token in model.json', async () => {
  const { model, ...rest } = wordPieceFile() as { model: { vocab: Record<string, number> } };
  const { '[PAD]': _, ...vocab } = model.vocab;
  const tokenizer = { ...rest, padding: null, added_tokens: [], model: { ...model, vocab } };
  await expect(loadedLane(writeTextModel(testFolder(), { graph, config, tokenizer }))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(/needs a token that fills up.*"pad_token"/) as string,
  });
});

it.each([
  ['more labels than classes', { labels: ['O', 'B-PER', 'I-PER'] }, /3 names.* 2 numbers per token/],
  [
    'a graph with one vector per text',
    { graph: largestOfTokens({ table }), labels: ['O', 'X'] },
    /\[batch, tokens, labels\]/,
  ],
])('token classification refuses %s', async (_, parts, says) => {
  const model = writeTextModel(testFolder(), {
    graph,
    config: { task: 'token-classification', activation: 'softmax' },
    ...parts,
  });
  await expect(loadedLane(model)).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

it.each<[string, string | Buffer, RegExp]>([
  [
    'a Git LFS pointer',
    'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
    /Git LFS pointer.*git lfs pull/,
  ],
  ['a web page', '<!doctype html><html>', /is a web page/],
  ['text that is not JSON', '{"model":', /is not JSON/],
  ['another JSON file', '{"vocab":{}}', /is not a tokenizer\.json.*model/],
  ['an empty file', '', /is empty/],
])('a model folder whose tokenizer is %s is refused before it is loaded', async (_, content, says) => {
  const { dir } = writeTextModel(testFolder(), { graph, config, tokenizer: content });
  await expect(loadModelFolder(dir)).rejects.toMatchObject({
    code: 'invalid_model_config',
    message: expect.stringMatching(says) as string,
  });
});

it('the hash of a model covers its tokenizer', async () => {
  const { dir } = writeTextModel(testFolder(), { graph, config });
  const before = (await loadModelFolder(dir)).ref.hash;
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify({ ...wordPieceFile(), version: '2.0' }));
  expect((await loadModelFolder(dir)).ref.hash).not.toBe(before);
});
