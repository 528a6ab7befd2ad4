import { expect, it } from 'vitest';
import { createAnswerReader } from '#forebay/workers/lane/predictor/answers.js';

const reader = createAnswerReader(null, undefined);
const read = (answer: unknown) => reader.read(answer);

it('an answer whose toJSON returns nothing, or throws, is no answer', () => {
  expect(read({ toJSON: () => undefined })).toEqual({
    ok: false,
    error: { code: 'invalid_answer', message: 'the answer is not JSON: toJSON of answer returns nothing' },
  });
  const fields = createAnswerReader({ properties: { a: {}, b: {} } }, undefined);
  expect(fields.read({ a: 1, b: { toJSON: () => undefined } })).toMatchObject({
    error: { code: 'invalid_answer', message: 'the answer is not JSON: toJSON of b returns nothing' },
  });
  const deep = (value: unknown) => fields.read({ b: { list: [{ one: { toJSON: () => value } }] } });
  const why = (text: string) => ({ error: { message: `the answer is not JSON: ${text}` } });
  expect(deep(undefined)).toMatchObject(why('toJSON of b.list.0.one returns nothing'));
  expect(deep({ x: Number.NaN })).toMatchObject(why('b.list.0.one.x is NaN'));
  expect(deep(new Map())).toMatchObject(why('b.list.0.one is a Map'));
  // JSON.stringify does not call it again.
  expect(deep({ x: 1, toJSON: 5 })).toMatchObject({ ok: true });
  const itself = {
    x: 1,
    toJSON() {
      return this;
    },
  };
  expect(fields.read({ a: itself })).toEqual({ ok: true, result: '"a":{"x":1}' });
  const get = () => {
    throw new Error('not now');
  };
  expect(read(Object.defineProperty({}, 'error', { get }))).toMatchObject({
    error: { code: 'invalid_answer' },
  });
  expect(read(new Date(0))).toEqual({ ok: true, result: '"answer":"1970-01-01T00:00:00.000Z"' });
});

it('an answer that its columns do not take is invalid in every format', () => {
  const list = { type: 'array' };
  const fields = createAnswerReader(
    { properties: { predictions: list, at: { type: 'object', properties: { x: { type: 'integer' } } } } },
    undefined,
  );
  const column = (name: string, type: string, value: string) => ({
    ok: false,
    error: {
      code: 'invalid_answer',
      message: `the answer does not fit the column "${name}" (${type}): ${value}`,
    },
  });
  expect(fields.read({ predictions: [{ label: 7 }] })).toEqual(column('label', 'string', '7'));
  expect(fields.read({ predictions: [{ label: 'a', score: '0.5' }] })).toEqual(
    column('score', 'double', '"0.5"'),
  );
  expect(fields.read({ at: { x: 1, toJSON: () => ({ x: 'one' }) } })).toEqual(
    column('at.x', 'int64', '"one"'),
  );
  expect(fields.read({ at: { inner: 2, toJSON: () => ({ x: 2 }) } })).toEqual({
    ok: true,
    result: '"at":{"x":2}',
  });
  expect(fields.read({ at: { x: 2, toJSON: () => ({ x: 2, y: 3 }) } })).toMatchObject({
    error: { code: 'invalid_answer', message: expect.stringContaining('"at.y"') as string },
  });
  expect(fields.read({ predictions: ['any', { list: 1 }], at: { x: 2 } })).toMatchObject({ ok: true });
});

it('a predictor uses only error codes of rows', () => {
  const codeOf = (code: string) => read({ error: { code, message: 'why' } });
  expect(codeOf('file_not_found')).toMatchObject({ error: { code: 'file_not_found', message: 'why' } });
  for (const code of ['model_not_found', 'unauthenticated', 'internal', 'toString']) {
    expect(codeOf(code)).toMatchObject({ error: { code: 'predictor_error', message: `${code}: why` } });
  }
});
