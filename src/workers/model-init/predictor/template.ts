/** The files of a first predictor, which work as they are. */
import type { RowKind } from '../../../shared/tasks/task-description.ts';

/** What a first predictor answers: how many words, bytes or fields a row has. */
interface Example {
  readonly field: string;
  readonly takes: string;
  readonly count: string;
  readonly row: string;
  readonly answer: number;
}

const RECORD: Example = {
  field: 'fields',
  takes: 'row.fields is the record',
  count: 'Object.keys(row.fields).length',
  row: `{ fields: { age: 41, city: 'Ulm' } }`,
  answer: 2,
};
const FILE: Example = {
  field: 'bytes',
  takes: 'row.bytes is the file',
  count: 'row.bytes.length',
  row: '{ bytes: Buffer.from([1, 2, 3]) }',
  answer: 3,
};
const EXAMPLES: Readonly<Record<RowKind, Example>> = {
  text: {
    field: 'words',
    takes: 'row.text is the text',
    count: 'row.text.trim().split(/\\s+/).length',
    row: `{ text: 'three short words' }`,
    answer: 3,
  },
  image: {
    ...FILE,
    takes: `${FILE.takes}; await ctx.pixels(row.bytes, { resize: 224, crop: 224 }) decodes it`,
  },
  audio: FILE,
  features: RECORD,
  tensors: RECORD,
};

export function templateOf(name: string, input: RowKind): ReadonlyMap<string, string> {
  const example = EXAMPLES[input];
  return new Map([
    ['predictor.mjs', predictorText(example)],
    ['predictor.test.mjs', testText(example)],
    ['model.json', configText(name, input, example.field)],
  ]);
}

function predictorText({ field, takes, count }: Example): string {
  return `import { definePredictor } from 'forebay/predictor';

export default definePredictor({
  // Called once per lane. Load what the model needs, for example a graph: const graph = await ctx.session('model');
  async load(ctx) {
    return { loadedFrom: ctx.folder };
  },

  // ${takes}. Return one answer per row, or { error: { message } } for a bad one.
  async predict(rows, ctx) {
    return rows.map((row) => ({ ${field}: ${count} }));
  },
});
`;
}

function testText({ field, row, answer }: Example): string {
  return `// Run it with: forebay model test FOLDER
import assert from 'node:assert/strict';
import { test } from 'node:test';
import predictor from './predictor.mjs';

test('each row gets its answer', async () => {
  const ctx = { folder: import.meta.dirname, options: {}, state: {} };
  assert.deepEqual(await predictor.predict([${row}], ctx), [{ ${field}: ${answer} }]);
});
`;
}

function configText(name: string, input: RowKind, field: string): string {
  return `{
  "kind": "predictor",
  "name": "${name}",
  "input": "${input}",
  "result": {
    "type": "object",
    "properties": { "${field}": { "type": "integer" } },
    "required": ["${field}"]
  }
}
`;
}
