// The columns of a model's results follow from its task and its config.
import { describe, expect, it } from 'vitest';
import { JOB_SPEC } from '#forebay/shared/domain/job/job.js';
import { PART_TABLE } from '#forebay/shared/domain/job/part-format.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { makeSpec } from '../../../support/queue.ts';

function configOf(task: string, more: object) {
  const reading = readModelConfig({ name: 'm', task, ...more });
  if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
  return reading.config;
}
const typesOf = (task: string, more: object) =>
  Object.fromEntries(columnsOf(configOf(task, more)).map(({ name, type }) => [name, type]));

const PREDICTIONS = {
  label: 'string',
  score: 'double',
  predictions: {
    list: {
      struct: [
        { name: 'index', type: 'int64', optional: false },
        { name: 'label', type: 'string', optional: true },
        { name: 'score', type: 'double', optional: false },
      ],
    },
  },
};

describe('the columns of', () => {
  it('a classifier are its best class and all classes', () => {
    expect(typesOf('image-classification', { preprocess: { crop: 8 } })).toEqual(PREDICTIONS);
    expect(Object.fromEntries(columnsOf(null).map(({ name, type }) => [name, type]))).toEqual(PREDICTIONS);
    expect(typesOf('tabular', { columns: ['x'], classes: ['a', 'b'] })).toEqual(PREDICTIONS);
    expect(typesOf('audio', { sample_rate: 16_000, answer: 'predictions', activation: 'softmax' })).toEqual(
      PREDICTIONS,
    );
  });

  it('an embedding are 32-bit floats', () => {
    expect(typesOf('image-embedding', { preprocess: { crop: 8 } })).toEqual({ embedding: { list: 'float' } });
  });

  it('a detector are lists of objects', () => {
    expect(typesOf('object-detection', { preprocess: { crop: 8 }, head: 'yolov8' })).toEqual({
      detections: {
        list: {
          struct: [
            ...PREDICTIONS.predictions.list.struct,
            { name: 'box', type: { list: 'double' }, optional: false },
          ],
        },
      },
    });
  });

  it('a table model that says nothing about its outputs are all that it may answer', () => {
    expect(typesOf('tabular', { columns: ['x'] })).toEqual({
      ...PREDICTIONS,
      value: 'double',
      outputs: 'json',
    });
    expect(columnsOf(configOf('tabular', { columns: ['x'] })).every(({ optional }) => optional)).toBe(true);
  });

  it('named outputs are one each', () => {
    expect(typesOf('tabular', { columns: ['x'], output: ['a', 'b'] })).toEqual({
      'outputs.a': 'json',
      'outputs.b': 'json',
    });
    expect(typesOf('audio', { sample_rate: 16_000, outputs: { notes: {} } })).toEqual({
      'outputs.notes': 'json',
    });
  });

  it('tensors have types as far as the config gives them', () => {
    expect(typesOf('tensors', {})).toEqual({ outputs: 'json' });
    const outputs = {
      matrix: { dtype: 'float32', shape: [3, 'n'] },
      single: { dtype: 'float64', shape: [] },
      flags: { dtype: 'bool', shape: [2] },
      names: { dtype: 'string', shape: [2] },
      counts: { dtype: 'int32', shape: [2] },
      large: { dtype: 'int64', shape: [2] },
      bytes: { dtype: 'float32', shape: [2], encoding: 'base64' },
      unknown: { dtype: 'float32' },
    };
    expect(typesOf('tensors', { outputs })).toEqual({
      'outputs.matrix': { list: { list: 'float' } },
      'outputs.single': 'double',
      'outputs.flags': { list: 'boolean' },
      'outputs.names': { list: 'string' },
      'outputs.counts': { list: 'int64' },
      'outputs.large': 'json',
      'outputs.bytes': 'json',
      'outputs.unknown': 'json',
    });
  });
});

it('a field of a predictor that may be null has a type, unless it may be absent, too', () => {
  const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
  const result = {
    type: 'object',
    properties: {
      label: { type: ['string', 'null'] },
      count: orNull({ type: 'integer' }),
      vector: orNull({ type: 'array', items: { type: ['number', 'null'] } }),
      either: { type: ['string', 'integer'] },
      absent: { type: ['string', 'null'] },
      place: orNull({
        type: 'object',
        properties: { x: orNull({ type: 'number' }) },
        required: ['x'],
      }),
    },
    required: ['label', 'count', 'vector', 'either', 'place'],
  };
  const reading = readModelConfig({ kind: 'predictor', name: 'm', result });
  expect(reading).toMatchObject({ ok: true });
  if (!reading.ok) return;
  expect(Object.fromEntries(columnsOf(reading.config).map(({ name, type }) => [name, type]))).toEqual({
    label: 'string',
    count: 'int64',
    vector: { list: 'double' },
    either: 'json',
    absent: 'json',
    place: { struct: [{ name: 'x', type: 'double', optional: false }] },
  });
});

it('columns come through job.json as they were', () => {
  const table = {
    format: 'parquet' as const,
    columns: columnsOf(configOf('object-detection', { preprocess: { crop: 8 }, head: 'yolov8' })),
  };
  expect(PART_TABLE.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
  const spec = makeSpec({ table });
  expect(JOB_SPEC.parse(JSON.parse(JSON.stringify(spec))).table).toEqual(table);
  expect(JOB_SPEC.parse(makeSpec({})).table).toBeUndefined();
});
