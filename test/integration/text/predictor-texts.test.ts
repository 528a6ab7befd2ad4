// Texts that code of users tokenises in its lane.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { answerOf, loadedLane, sharedLane, testFolder } from '../../support/lanes.ts';
import { echoInput } from '../../support/onnx/text-graphs.ts';
import { toLoad, writePredictor } from '../../support/predictors.ts';
import { idOf, records, wordPieceFile, writeTextModel } from '../../support/text-models.ts';

const TOKENIZER = JSON.stringify(wordPieceFile());
const task = { task: 'text-embedding', normalize: false, tokens_per_call: 1 };

/** Loads a folder into the lane of this file, and answers rows. */
async function answer(dir: string, rows: readonly LaneInput[]): Promise<unknown[]> {
  const lane = await loadedLane(await toLoad(dir));
  const { outcomes } = await lane.run({ model: 'm', rows, options: { dimensions: null, prompt: null } });
  return outcomes.map(answerOf);
}

const rowsOf = (...fields: unknown[]): LaneInput[] => fields.map((one) => ({ json: JSON.stringify(one) }));

it('texts get the ids that a text task gives them, and a graph takes those inputs that it has', async () => {
  const texts = ['Paris', 'mary loves new yorkers, paris', '', 'a \ud800 b'];
  const dir = writePredictor(
    testFolder(),
    `load: async (ctx) => ({
      tokenizer: await ctx.tokenizer({ folder: 'words' }),
      graph: await ctx.session('echo'),
    }),
    async predict(rows, { state }) {
      const { feeds, lengths } = await state.tokenizer.encode(rows.map(({ text }) => text));
      const [, most] = feeds.input_ids.dims;
      const { echo } = await state.graph.run(feeds);
      return lengths.map((length, i) => ({ embedding: [...echo.data.slice(i * most, i * most + length)] }));
    },`,
    { name: 'p', input: 'text' },
    {
      'echo.onnx': echoInput('input_ids', { inputs: [] }),
      'words/tokenizer.json': TOKENIZER,
      'words/tokenizer_config.json': '{"model_max_length":6,"truncation_side":"left"}',
    },
  );
  const model = writeTextModel(testFolder(), {
    graph: echoInput(),
    config: { ...task, max_length: 6, truncation_side: 'left' },
  });
  const ofTask = await answer(model.dir, records(...texts));
  expect(await answer(dir, records(...texts))).toEqual(ofTask.map((one) => ({ answer: one })));
  const cut = ['[CLS]', '##er', '##s', ',', 'paris', '[SEP]'];
  expect(ofTask[1]).toEqual({ embedding: cut.map(idOf) });
});

it('pairs have token types, calls share no memory, and a text that is none costs its row', async () => {
  const dir = writePredictor(
    testFolder(),
    `load: (ctx) => ctx.tokenizer(),
    async predict(rows, { state }) {
      const pairs = rows.map(({ fields }) => fields.pair);
      const { feeds, lengths } = await state.encode(rows.map(({ fields }) => fields.text), { pairs, maxLength: 7 });
      await state.encode(['c c c']);
      const plain = ([name, { type, dims, data }]) => [name, [type, ...dims, ...Array.from(data, Number)]];
      return rows.map(() => ({ lengths, ...Object.fromEntries(Object.entries(feeds).map(plain)) }));
    },`,
    { name: 'p' },
    { 'tokenizer.json': TOKENIZER },
  );
  const [cls, sep, a, b] = ['[CLS]', '[SEP]', 'a', 'b'].map(idOf);
  const rows = rowsOf({ text: 'a a a a', pair: 'b' }, { text: 'b', pair: null });
  expect((await answer(dir, rows))[1]).toEqual({
    answer: {
      lengths: [7, 3],
      input_ids: ['int64', 2, 7, cls, a, a, a, sep, b, sep, cls, b, sep, 0, 0, 0, 0],
      attention_mask: ['int64', 2, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
      token_type_ids: ['int64', 2, 7, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    },
  });
  expect(await answer(dir, rowsOf({ text: 'a' }, {}, { text: 'a', pair: 5 }))).toEqual([
    { answer: expect.objectContaining({ lengths: [3] }) as object },
    'invalid_row: texts[0] of encode() is undefined, and must be text (a string)',
    'invalid_row: pairs[0] of encode() is a number, and must be text (a string)',
  ]);
});

it('in hooks, the tokenizer has the settings of the text model around which they are', async () => {
  const result = { type: 'object', properties: { length: { type: 'integer' } } };
  const { dir } = writeTextModel(testFolder(), {
    graph: echoInput(),
    config: { ...task, max_length: 4, hooks: { result } },
  });
  writeFileSync(
    join(dir, 'hooks.mjs'),
    `export default { after: async (all, rows, ctx) => {
      const { lengths } = await (await ctx.tokenizer()).encode(rows.map(({ text }) => text));
      return lengths.map((length) => ({ length }));
    } };`,
  );
  expect(await answer(dir, records('a b c a b c'))).toEqual([{ length: 4 }]);
});

it('a tokenizer that cannot be used fails the load with a sentence', async () => {
  const padless = JSON.stringify({
    ...wordPieceFile({ padding: null, added_tokens: [] }),
    model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2 } },
  });
  const why = async (options: string) => {
    const code = `load: (ctx) => ctx.tokenizer(${options}), predict() {},`;
    const files = { 'tokenizer.json': TOKENIZER, 'padless/tokenizer.json': padless };
    const dir = writePredictor(testFolder(), code, undefined, files);
    const load = sharedLane().load({ model: 'm', ...(await toLoad(dir)), threads: 1 });
    return load.then(
      () => 'loaded',
      (error: Error) => error.message.replaceAll(dir, 'DIR'),
    );
  };
  expect(await why('{ folder: "bert" }')).toBe(
    "load() of the predictor failed: there is no DIR/bert/tokenizer.json: copy it from the model's repository, or save it with tokenizer.save_pretrained() of a fast tokenizer",
  );
  expect(await why('{ folder: "../x" }')).toContain("leads out of the model's folder");
  expect(await why('{ folder: "words/.x" }')).toContain('names a hidden folder, which is no part of the');
  expect(await why('{ max_length: 3 }')).toContain('options of ctx.tokenizer() do not fit: Unrecognized key');
  expect(await why('{ maxLength: 2 }')).toContain(
    'adds 2 special tokens to each row: set a larger maxLength',
  );
  expect(await why('{ folder: "padless" }')).toContain('name it, such as ctx.tokenizer({ padToken: ');
  expect(await why('{ folder: "padless", padToken: "[SEP]" }')).toBe('loaded');
});
