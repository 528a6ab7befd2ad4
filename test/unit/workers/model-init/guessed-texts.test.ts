// Which task and config `model init` guesses for graphs that take texts and waveforms.
import { describe, expect, it } from 'vitest';
import type { Hints } from '#forebay/workers/model-init/hints.js';
import { namesIn } from '#forebay/workers/model-init/ultralytics.js';
import { floats, guessed, labels, type Given } from '../../../support/guessed.ts';
import type { Value } from '../../../support/onnx/graph.ts';
import { tensor } from '../../../support/onnx/tabular-models.ts';

describe('texts', () => {
  const names = ['input_ids', 'attention_mask'];
  const inputs = names.map((name) => tensor(name, 'int64', 'N', 'L'));
  const text = {
    fields: { tokenizer: 'tokenizer.json', max_length: 128 },
    missing: new Map(),
    notes: [],
    file: '',
  };

  it.each<[string, Given, object]>([
    [
      'vectors of tokens',
      { inputs, outputs: [floats('last_hidden_state', 'N', 'L', 384)], hints: { pooling: 'mean' } },
      { task: 'text-embedding', pooling: 'mean', max_length: 128 },
    ],
    [
      'vectors of tokens and one vector of the text',
      {
        inputs,
        outputs: [floats('token_embeddings', 'N', 'L', 384), floats('sentence_embedding', 'N', 384)],
      },
      { task: 'text-embedding', output: 'sentence_embedding', pooling: 'none' },
    ],
    [
      'logits of classes',
      { inputs, outputs: [floats('logits', 'N', 2)] },
      { task: 'text-classification', activation: 'softmax', top_k: 2 },
    ],
    [
      'as many numbers per text as labels',
      { inputs, outputs: [floats('y', 'N', 3)], hints: labels(3) },
      { task: 'text-classification', labels: 'labels.txt' },
    ],
    [
      'as many numbers per token as labels',
      { inputs, outputs: [floats('logits', 'N', 'L', 9)], hints: labels(9) },
      { task: 'token-classification', labels: 'labels.txt', activation: 'softmax' },
    ],
  ])('%s', (_what, given, config) => {
    expect(guessed({ ...given, beside: { text } }).config).toMatchObject(config);
  });

  it.each<[string[], Value, Partial<Hints>, string]>([
    [['input_ids'], floats('logits', 'N', 2), {}, 'text-classification'],
    [['input_ids'], floats('sentence_embedding', 'N', 384), {}, 'text-embedding'],
    [['input_ids'], floats('logits', 'N', 'L', 9), labels(9), 'token-classification'],
    [[...names, 'token_type_ids'], floats('logits', 'N', 2), {}, 'text-classification'],
  ])('with the inputs %j are described as what they are', (own, output, hints, task) => {
    const given = own.map((name) => tensor(name, 'int64', 'N', 'L'));
    const { config, said } = guessed({ inputs: given, outputs: [output], hints, beside: { text } });
    expect(config).toMatchObject({ task });
    expect(said).toContain(
      `task "${task}": input input_ids, perhaps with attention_mask and token_type_ids, tokenizer.json, and `,
    );
  });

  it('the logits of a language model do not label tokens', () => {
    const outputs = [floats('logits', 'N', 'L', 30522)];
    expect(() => guessed({ inputs, outputs, beside: { text } })).toThrow(
      /--task text-embedding\|text-classification\|token-classification\|tensors/,
    );
    // This holds even if the files of such a model name labels.
    const beside = { text, architecture: 'BertForMaskedLM' };
    expect(() => guessed({ inputs, outputs, beside, hints: labels(2) })).toThrow(/--task/);
  });

  it('the architecture takes precedence over names of outputs, and gives the activation', () => {
    const beside = { text, architecture: 'DebertaForSequenceClassification' };
    const { config, said } = guessed({ inputs, outputs: [floats('y', 'N', 3)], beside });
    expect(config).toMatchObject({ task: 'text-classification', activation: 'softmax' });
    expect(said).toContain('taken from config.json (architectures: DebertaForSequenceClassification)');
    const tokens = { text, architecture: 'BertForTokenClassification' };
    const outputs = [floats('logits', 'N', 'L', 9)];
    expect(() => guessed({ inputs, outputs, beside: tokens })).toThrow(/put labels\.txt, one label per line/);
  });

  it('asks for flags for the settings that no file states', () => {
    const bare = { ...text, fields: { tokenizer: 'tokenizer.json' } };
    const given = { inputs, outputs: [floats('last_hidden_state', 'N', 'L', 384)] };
    expect(() => guessed({ ...given, beside: { text: bare } })).toThrow(/pass --max-length TOKENS/);
    expect(() => guessed({ ...given, beside: { text } })).toThrow(/pass --pooling mean\|cls\|max\|last/);
    const asked = { ...given, hints: { maxLength: 64, pooling: 'max' }, beside: { text: bare } };
    expect(guessed(asked).config).toMatchObject({ max_length: 64, pooling: 'max' });
  });

  it('without a tokenizer, a graph gets the task "tensors", and the reason is reported', () => {
    const { config, said } = guessed({ inputs, outputs: [floats('logits', 'N', 2)] });
    expect(config).toMatchObject({ task: 'tensors' });
    expect(said).toContain('with tokenizer.json beside the graph, it can be a text model');
  });
});

describe('waveforms', () => {
  const state = (name: string) => floats(name, 2, 'N', 128);
  const silero = {
    inputs: [floats('input', 'N', 576), state('state'), tensor('sr', 'int64')],
    outputs: [floats('output', 'N', 1), state('stateN')],
  };

  it('are recognised by the input for the sample rate, and pass their state from frame to frame', () => {
    expect(() => guessed(silero)).toThrow(/pass --sample-rate HZ/);
    const open = { ...silero, inputs: [floats('input', 'N', 'T'), ...silero.inputs.slice(1)] };
    expect(() => guessed({ ...open, hints: { sampleRate: 8000 } })).toThrow(/pass --shape input=SAMPLES/);
    const shapes = new Map([['input', [256]]]);
    const shaped = guessed({ ...open, hints: { sampleRate: 8000, shapes } });
    expect(shaped.config).toMatchObject({ frame: { length: 256 } });
    const { config, said } = guessed({ ...silero, hints: { sampleRate: 16_000 } });
    expect(config).toMatchObject({
      task: 'audio',
      sample_rate: 16_000,
      frame: { length: 576 },
      input: 'input',
      inputs: { sr: { value: 16_000 } },
      state: [{ input: 'state', output: 'stateN', batch_axis: 1 }],
    });
    expect(said).toMatch(/frame: 576 samples, one after the other/);
  });

  it('use the only free axis of a state as its batch axis if dimensions have no names', () => {
    const nameless = floats('state', 2, '', 128);
    const inputs = [floats('input', '', ''), nameless, tensor('sr', 'int64')];
    const outputs = [floats('output', '', 1), { ...nameless, name: 'stateN' }];
    const hints = { sampleRate: 16_000, shapes: new Map([['input', [576]]]) };
    expect(guessed({ inputs, outputs, hints }).config).toMatchObject({ state: [{ batch_axis: 1 }] });
  });

  it('are recognised by the name of the input, and classified with the settings of the feature extractor', () => {
    const given = { inputs: [floats('input_values', 'N', 'T')], outputs: [floats('logits', 'N', 4)] };
    const beside = {
      sound: { sampleRate: 16_000, normalize: true },
      architecture: 'HubertForSequenceClassification',
    };
    expect(guessed({ ...given, beside, hints: labels(4) }).config).toMatchObject({
      task: 'audio',
      sample_rate: 16_000,
      normalize: 'unit_variance',
      answer: 'predictions',
      activation: 'softmax',
    });
  });

  it('may have a mask beside them, and no guess is made of a normalisation that files show', () => {
    const inputs = [floats('input_values', 'N', 'T'), tensor('attention_mask', 'int64', 'N', 'T')];
    const given = { inputs, outputs: [floats('logits', 'N', 4)] };
    const beside = { sound: { sampleRate: 16_000, normalize: false } };
    const { config, said } = guessed({ ...given, beside, hints: labels(4) });
    expect(config).toMatchObject({ task: 'audio', input: 'input_values', answer: 'predictions' });
    expect(said).toContain('"attention_mask" gets 1 for each sample, and 0 for padding');
    expect(said).not.toContain('normalize');
    const alone = guessed({ ...given, hints: { ...labels(4), sampleRate: 8000 } });
    expect(alone.said).toContain('normalize: none; if the training code');
  });

  it('a long series gets the task "tensors" if its name does not show that it is a waveform', () => {
    const inputs = [floats('x', 'N', 43_844, 1)];
    expect(guessed({ inputs, outputs: [floats('y', 'N', 172, 88)] }).config).toMatchObject({
      task: 'tensors',
    });
  });
});

it.each<[string, string[] | null]>([
  ["{0: 'person', 1: \"driver's seat\"}", ['person', "driver's seat"]],
  ["['a', 'b, c']", ['a', 'b, c']],
  ["{0: 'it\\'s'}", ["it's"]],
  ["{1: 'a', 0: 'b'}", null],
  ["{0: 'a'", null],
  ['{}', null],
  ["{0: 'tab\\t'}", null],
])('reads the class names %s', (text, names) => {
  expect(namesIn(text)).toEqual(names);
});
