// `forebay model init` on models that need a tokenizer or labels beside model.json.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFolder } from '../../../support/foreign-folders.ts';
import { testFolder } from '../../../support/lanes.ts';
import { configIn, modelInit } from '../../../support/model-init.ts';
import { writeOnnx } from '../../../support/onnx/graph.ts';
import { floatOutput } from '../../../support/onnx/image-graph.ts';
import { floats, ints, step } from '../../../support/onnx/mean-model.ts';
import { tokenTable } from '../../../support/onnx/text-graphs.ts';
import { VOCABULARY, wordPieceFile } from '../../../support/text-models.ts';

it('a text model gets its tokenizer, and the settings of the files beside it', async () => {
  const from = writeFolder({
    'tokenizer.json': wordPieceFile(),
    'tokenizer_config.json': { model_max_length: 16, pad_token: '[PAD]' },
    'config.json': { architectures: ['BertModel'], model_type: 'bert', max_position_embeddings: 12 },
    'model.onnx': tokenTable({ table: VOCABULARY.map((_, id) => [id, 1]) }),
  });
  const dir = join(testFolder(), 'vectors');
  expect((await modelInit(from, '--out', dir)).err).toMatch(
    /pass --pooling mean.*looks like the task text-embedding; --task chooses another one/,
  );
  const { code, out } = await modelInit(from, '--out', dir, '--pooling', 'mean');
  expect(code).toBe(0);
  expect(out).toContain('max_length 12: taken from config.json (max_position_embeddings)');
  expect(out).toContain('linked tokenizer.json');
  expect(configIn(dir)).toMatchObject({
    task: 'text-embedding',
    pooling: 'mean',
    max_length: 12,
    pad_token: '[PAD]',
  });
  expect(statSync(join(dir, 'tokenizer.json')).isFile()).toBe(true);
});

it('a detector of Ultralytics gets the class names of its metadata', async () => {
  const graph = writeOnnx(
    {
      inputs: [floatOutput('images', 1, 3, 64, 64)],
      outputs: [floatOutput('output0', 1, 6, 84)],
      operators: [
        step('ReduceMean', ['images'], 'mean', { axes: [1, 2, 3], keepdims: 0 }),
        step('Mul', ['mean', 'zero'], 'nothing'),
        step('Expand', ['nothing', 'shape'], 'output0'),
      ],
      weights: [floats('zero', [1, 1, 1], [0]), ints('shape', [1, 6, 84])],
    },
    { metadata: { stride: '32', task: 'detect', imgsz: '[64, 64]', names: "{0: 'cat', 1: \"dog's\"}" } },
  );
  const dir = writeFolder({ 'model.onnx': graph });
  const { code, out } = await modelInit(dir);
  expect(code).toBe(0);
  expect(out).toContain("labels: 2 names, taken from the graph's metadata (names)");
  expect(out).toContain('task    "object-detection": taken from the graph\'s metadata (task: detect)');
  expect(configIn(dir)).toMatchObject({
    head: 'yolov8',
    labels: 'labels.txt',
    preprocess: { crop: 64, pad: 114 },
  });
  expect(readFileSync(join(dir, 'labels.txt'), 'utf8')).toBe("cat\ndog's\n");
});
