// Which numbers may be served as class scores. If that is unclear, the error names the model.json field that decides.
import { expect, it } from 'vitest';
import { checkScores, chooseOutput } from '#forebay/shared/tasks/classes/class-scores.js';
import type { GraphTensor } from '#forebay/shared/models/graph-tensor.js';

type ScoreConfig = Parameters<typeof checkScores>[0]['config'];

const NOTHING_SAID: ScoreConfig = { softmax: false };
const LOGITS: ScoreConfig = { softmax: true };
const output = (name: string, ...shape: (number | string)[]): GraphTensor => ({
  name,
  type: 'float32',
  shape,
});

function check(tensor: GraphTensor, config: ScoreConfig, labels: string[] | null = null, sample?: number[]) {
  const classes = tensor.shape[1];
  checkScores({
    config,
    labels,
    output: tensor,
    classes: typeof classes === 'number' ? classes : (sample?.length ?? null),
    sample: sample ? Float32Array.from(sample) : null,
  });
}

it('takes the only output that can be class scores, or the output that fits the labels', () => {
  const label: GraphTensor = { name: 'label', type: 'int64', shape: ['N'] };
  const hidden = output('last_hidden_state', 'N', 197, 768);
  expect(chooseOutput(NOTHING_SAID, null, [label, hidden, output('y', 'N', 10, 1, 1)]).name).toBe('y');
  const outputs = [output('embedding', 'N', 512), output('logits', 'N', 2)];
  expect(chooseOutput(NOTHING_SAID, ['a', 'b'], outputs).name).toBe('logits');
});

it('takes one number per row without a dimension of its own, unless there is a list', () => {
  const one = output('y', 'N');
  expect(chooseOutput(LOGITS, null, [one]).name).toBe('y');
  expect(chooseOutput({ ...LOGITS, output: 'y' }, null, [one, output('list', 'N', 3)]).name).toBe('y');
  expect(chooseOutput(LOGITS, null, [one, output('list', 'N', 3)]).name).toBe('list');
  expect(() => chooseOutput(LOGITS, null, [output('y', 1000)])).toThrow(/needs an output .*float32\[1000\]/);
});

it('asks for "output" if several outputs could be class scores, and takes the output that it names', () => {
  const outputs = [output('logits', 'N', 10), output('aux', 'N', 10)];
  expect(() => chooseOutput(NOTHING_SAID, null, outputs)).toThrow(
    'nothing says which output holds the class scores, but the graph has "logits" float32[N,10] and "aux" float32[N,10]: name one in model.json, such as "output": "logits"',
  );
  expect(chooseOutput({ ...LOGITS, output: 'aux' }, null, outputs).name).toBe('aux');
  expect(() => chooseOutput({ ...LOGITS, output: 'logit' }, null, outputs)).toThrow(/did you mean "logits"/);
  const boxes = [...outputs, output('boxes', 'N', 100, 4)];
  expect(() => chooseOutput({ ...LOGITS, output: 'boxes' }, null, boxes)).toThrow(
    /output is "boxes" float32/,
  );
});

it.each<[string, GraphTensor, ScoreConfig, string[] | null, number[] | undefined]>([
  ['the right number of labels', output('y', 'N', 2), NOTHING_SAID, ['a', 'b'], [3, -4]],
  [
    'the right number of labels, whatever the name of the output',
    output('embedding', 'N', 2),
    NOTHING_SAID,
    ['a', 'b'],
    [3, -4],
  ],
  ['softmax, the older way', output('y', 'N', 3), LOGITS, null, [3, -4, 1]],
  ['an activation', output('embedding', 'N', 3), { softmax: false, activation: 'none' }, null, [3, -4, 1]],
  ['probabilities', output('y', 'N', 'C'), NOTHING_SAID, null, [0.2, 0.7, 0.1]],
  ['the number of classes of ImageNet', output('y', 'N', 1000), NOTHING_SAID, null, [3, -4]],
  ['an activation for one number', output('y', 'N', 1), { softmax: false, activation: 'sigmoid' }, null, [3]],
  [
    'the activation sigmoid and two names',
    output('y', 'N', 1),
    { softmax: false, activation: 'sigmoid' },
    ['no', 'yes'],
    [3],
  ],
  [
    'the activation none and one name',
    output('y', 'N', 1),
    { softmax: false, activation: 'none' },
    ['yes'],
    [0.3],
  ],
])('serves scores that are declared by %s', (_by, tensor, config, labels, sample) => {
  check(tensor, config, labels, sample);
});

it.each<[string, RegExp, GraphTensor, ScoreConfig, string[] | null, number[] | undefined]>([
  [
    'an embedding',
    /its name says .*"labels".*"activation"/,
    output('image_embeds', 'N', 512),
    LOGITS,
    null,
    undefined,
  ],
  [
    'the output of a pooler',
    /its name says/,
    output('pooler_output', 'N', 768),
    NOTHING_SAID,
    null,
    undefined,
  ],
  [
    'numbers that are not probabilities',
    /its numbers are/,
    output('y', 'N', 3),
    NOTHING_SAID,
    null,
    [0.5, -0.2, 0.7],
  ],
  ['independent scores', /its numbers are/, output('y', 'N', 3), NOTHING_SAID, null, [0.9, 0.8, 0.1]],
  [
    'softmax over one class',
    /softmax makes every score 1.*"activation": "sigmoid"/,
    output('y', 'N', 1),
    LOGITS,
    null,
    [3],
  ],
  [
    'softmax over one class, in the newer form and with a label',
    /softmax makes every score 1/,
    output('y', 'N', 1),
    { softmax: false, activation: 'softmax' },
    ['a'],
    undefined,
  ],
  [
    'a regression',
    /nothing says what it is.*the task "tensors"/,
    output('variable', 'N', 1),
    NOTHING_SAID,
    ['price'],
    undefined,
  ],
  [
    'a regression of unknown width',
    /nothing says what it is/,
    output('y', 'N', 'C'),
    NOTHING_SAID,
    null,
    [12.5],
  ],
  [
    'too many names for one number',
    /2 names.*: with activation "none", give one name/,
    output('y', 'N', 1),
    { softmax: false, activation: 'none' },
    ['no', 'yes'],
    undefined,
  ],
  [
    'a wrong number of labels',
    /has 2 names, but .* has 3 classes/,
    output('y', 'N', 3),
    LOGITS,
    ['a', 'b'],
    undefined,
  ],
])('refuses %s', (_what, says, tensor, config, labels, sample) => {
  expect(() => check(tensor, config, labels, sample)).toThrow(says);
});
