// The Open Inference Protocol through the real service. Triton's own client speaks it where Python has it. The recorded
// requests are its bytes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { sumGraph } from '../../support/onnx/tabular-models.ts';
import { identityModel, writeTensorModel } from '../../support/onnx/tensor-models.ts';
import { largestOfTokens } from '../../support/onnx/text-graphs.ts';
import { jsonOfPython, python } from '../../support/python.ts';
import { colourImage, startService, type Service } from '../../support/service.ts';
import { VOCABULARY, writeTextModel } from '../../support/text-models.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  const at = (name: string) => join(service.models, name);
  const scores: Record<string, number[]> = { paris: [0.9, 0.1], loves: [0, 0.75] };
  writeTextModel(at('mood'), {
    graph: largestOfTokens({ table: VOCABULARY.map((token) => scores[token] ?? [0, 0]) }),
    config: { name: 'mood', task: 'text-classification', activation: 'none' },
    labels: ['place', 'feeling'],
  });
  writeTensorModel(at('whole'), identityModel('int64', ['N', 2]), { name: 'whole' });
  // Only one test asks it, so that no late heartbeat changes its counts.
  writeTensorModel(at('counted'), identityModel('int64', ['N', 2]), { name: 'counted' });
  writeTensorModel(at('fixed'), identityModel('float32', [1, 2]), { name: 'fixed' });
  const ranked = { batch_axis: 0, shape: [2] };
  writeTensorModel(at('open'), identityModel('float32', null), {
    name: 'open',
    inputs: { x: ranked },
    outputs: { y: ranked },
  });
  mkdirSync(at('sum'));
  writeFileSync(join(at('sum'), 'model.onnx'), sumGraph());
  writeFileSync(
    join(at('sum'), 'model.json'),
    JSON.stringify({ name: 'sum', task: 'tabular', columns: ['a', 'b', 'c'] }),
  );
  await service.startWorker();
  await waitUntil('all models to be ready', async () => {
    const index = await service.post('/v2/repository/index', { ready: true });
    return ((await index.json()) as unknown[]).length === 7;
  });
});
afterAll(async () => service.close());

/** `json`: how many bytes of the body are JSON. Null: all of them. */
async function infer(model: string, body: Buffer | object, json: number | null = null): Promise<Response> {
  return service.request(`/v2/models/${model}/infer`, {
    method: 'POST',
    headers: json === null ? {} : { 'Inference-Header-Content-Length': String(json) },
    body: Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
}

interface Inferred {
  readonly outputs: readonly { name: string; datatype: string; shape: number[]; data: unknown[] }[];
}

/** `name datatype shape data` of each output. */
async function outputsOf(response: Promise<Response>): Promise<Record<string, unknown>> {
  const { outputs } = (await (await response).json()) as Inferred;
  return Object.fromEntries(
    outputs.map(({ name, datatype, shape, data }) => [name, [datatype, shape, data]]),
  );
}

const tensor = (name: string, datatype: string, shape: number[], data: unknown) => ({
  name,
  datatype,
  shape,
  data,
});

it.each([
  {
    model: 'mood',
    json: 157,
    body: 'eyJpZCI6InIxIiwiaW5wdXRzIjpbeyJuYW1lIjoidGV4dCIsInNoYXBlIjpbMl0sImRhdGF0eXBlIjoiQllURVMiLCJwYXJhbWV0ZXJzIjp7ImJpbmFyeV9kYXRhX3NpemUiOjI5fX1dLCJwYXJhbWV0ZXJzIjp7ImJpbmFyeV9kYXRhX291dHB1dCI6dHJ1ZSwidG9wX2siOjF9fRAAAABNYXJ5IGxvdmVzIFBhcmlzBQAAAHBhcmlz',
    header: {
      id: 'r1',
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [2, 1], parameters: { binary_data_size: 18 } },
        { name: 'score', datatype: 'FP32', shape: [2, 1], parameters: { binary_data_size: 8 } },
        { name: 'index', datatype: 'INT32', shape: [2, 1], parameters: { binary_data_size: 8 } },
      ],
    },
    binary: '05000000706c61636505000000706c616365' + '6666663f6666663f' + '0000000000000000',
  },
  {
    model: 'whole',
    json: 154,
    body: 'eyJpbnB1dHMiOlt7Im5hbWUiOiJ4Iiwic2hhcGUiOlsyLDJdLCJkYXRhdHlwZSI6IklOVDY0IiwicGFyYW1ldGVycyI6eyJiaW5hcnlfZGF0YV9zaXplIjozMn19XSwib3V0cHV0cyI6W3sibmFtZSI6InkiLCJwYXJhbWV0ZXJzIjp7ImJpbmFyeV9kYXRhIjp0cnVlfX1dfQEAAAAAAABA+/////////8DAAAAAAAAAAQAAAAAAAAA',
    header: {
      outputs: [{ name: 'y', datatype: 'INT64', shape: [2, 2], parameters: { binary_data_size: 32 } }],
    },
    binary: '0100000000000040fbffffffffffffff03000000000000000400000000000000',
  },
])(
  "a request recorded from Triton's client is answered with the bytes that it reads: $model",
  async (recorded) => {
    const { model, json, body, header, binary } = recorded;
    const response = await infer(model, Buffer.from(body, 'base64'), json);
    const length = Number(response.headers.get('inference-header-content-length'));
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(JSON.parse(bytes.toString('utf8', 0, length))).toEqual({ model_name: model, ...header });
    expect(bytes.toString('hex', length)).toBe(binary);
  },
);

it('JSON tensors become rows, and rows with fewer classes are filled up', async () => {
  const texts = tensor('text', 'BYTES', [2], ['Mary loves Paris', 'paris']);
  expect(await outputsOf(infer('mood', { inputs: [texts], parameters: { threshold: 0.5 } }))).toEqual({
    label: ['BYTES', [2, 2], ['place', 'feeling', 'place', '']],
    score: ['FP32', [2, 2], [0.9, 0.75, 0.9, 0]],
    index: ['INT32', [2, 2], [0, 1, 0, -1]],
  });
  const answer = { inputs: [texts], outputs: [{ name: 'answer' }], parameters: { top_k: 1 } };
  const { answer: given } = await outputsOf(infer('mood', answer));
  expect(given).toEqual(['BYTES', [2], expect.arrayContaining([expect.stringContaining('"label":"place"')])]);

  const columns = ['a', 'b', 'c'].map((name, i) => tensor(name, 'INT32', [2, 1], [[i], [i + 1]]));
  const value = ['FP64', [2], [12, 123]];
  expect(await outputsOf(infer('sum', { inputs: columns }))).toEqual({ value });
  const together = tensor('X', 'FP32', [2, 3], [0, 1, 2, 1, 2, 3]);
  expect(await outputsOf(infer('sum', { inputs: [together] }))).toEqual({ value });

  // Its graph has no batch, so a request is one row.
  expect(await outputsOf(infer('fixed', { inputs: [tensor('x', 'FP32', [1, 2], [[3, 4]])] }))).toEqual({
    y: ['FP32', [1, 2], [3, 4]],
  });
  // Its graph has no rank, so model.json gives the shape.
  expect(await outputsOf(infer('open', { inputs: [tensor('x', 'FP32', [2, 2], [1, 2, 3, 4])] }))).toEqual({
    y: ['FP32', [2, 2], [1, 2, 3, 4]],
  });
});

it('images are BYTES, and a body without JSON is one of them', async () => {
  const images = await Promise.all([0, 2].map(colourImage));
  const bytes = Buffer.concat(
    images.flatMap((image) => [Buffer.from(Uint32Array.of(image.length).buffer), image]),
  );
  const input = {
    name: 'image',
    datatype: 'BYTES',
    shape: [2],
    parameters: { binary_data_size: bytes.length },
  };
  const header = Buffer.from(JSON.stringify({ inputs: [input], parameters: { top_k: 1 } }));
  const both = await outputsOf(infer('tiny', Buffer.concat([header, bytes]), header.length));
  expect(both['label']).toEqual(['BYTES', [2, 1], ['red', 'blue']]);
  const raw = await infer('tiny', images[1]!, 0);
  expect(await raw.text()).toContain('"name":"label","datatype":"BYTES","shape":[1,2]');
});

const X = { name: 'x', datatype: 'INT64', shape: [2, 2] };
it.each([
  ['whole', { ...X, datatype: 'FP32', data: [1, 2, 3, 4] }, 400, /"x" must be INT64 \[-1,2\].* FP32 \[2,2\]/],
  ['whole', { ...X, shape: [2, 1], data: [1, 2] }, 400, /must be INT64 \[-1,2\]; it came as INT64 \[2,1\]/],
  ['whole', { ...X, data: [1, 2, 3] }, 400, /4 elements of 8 bytes, but it came with 3 elements/],
  ['whole', { ...X, data: [1, 2, 3, 0.5] }, 400, /element 3 of the input "x" is 0.5, which is not INT64/i],
  [
    'whole',
    { ...X, parameters: { binary_data_size: 9 } },
    400,
    /should have 9 bytes .* but the body has 0 left/,
  ],
  [
    'whole',
    { ...X, parameters: { shared_memory_region: 'r' } },
    400,
    /unknown parameter "shared_memory_region"/,
  ],
  ['mood', { name: 'text', datatype: 'BYTES', shape: [1, 1e9, 0], data: [] }, 400, /has no elements/],
  ['whole', X, 400, /neither "data" .* nor the parameter "binary_data_size"/],
  ['whole', { ...X, name: 'y', data: [1, 2, 3, 4] }, 400, /has no input "y".* It reads "x"/],
  ['tiny', { name: 'image', datatype: 'BYTES', shape: [2], data: ['a', 'b'] }, 415, /^Row 0: /],
  ['tiny', { name: 'image', datatype: 'FP32', shape: [2], data: [1, 2] }, 400, /must be BYTES \[-1\]/],
  ['lost', { ...X, data: [1, 2, 3, 4] }, 404, /no model "lost"/],
])('a request with a mistake gets an error that names it: %s %o', async (model, input, status, message) => {
  const response = await infer(model, { inputs: [input] });
  const { error, code } = (await response.json()) as Record<string, string>;
  expect([response.status, error]).toEqual([status, expect.stringMatching(message)]);
  expect(code).toMatch(/^[a-z_]+$/);
});

it('an unknown parameter gets the name that was probably meant', async () => {
  const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['Mary'] }];
  const response = await infer('mood', { inputs, parameters: { topk: 1 } });
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({
    error: 'The parameter "topk" is unknown. Did you mean "top_k"?',
  });
});

it('health, metadata and the repository speak the protocol, and uploads are refused', async () => {
  const json = async (response: Response) => [response.status, await response.json()];
  expect(await json(await service.request('/v2/health/ready'))).toEqual([200, { ready: true }]);
  expect(await json(await service.request('/v2/models/whole'))).toEqual([
    200,
    {
      name: 'whole',
      versions: [],
      platform: 'onnx_onnxv1',
      inputs: [{ name: 'x', datatype: 'INT64', shape: [-1, 2] }],
      outputs: [
        { name: 'y', datatype: 'INT64', shape: [-1, 2] },
        { name: 'answer', datatype: 'BYTES', shape: [-1] },
      ],
    },
  ]);
  const load = (parameters: object) => service.post('/v2/repository/models/sum/load', { parameters });
  expect((await load({ 'file:1/model.onnx': 'AAAA' })).status).toBe(400);
  expect((await service.post('/v2/repository/models/sum/unload', {})).status).toBe(200);
  expect((await service.request('/v2/models/sum/ready')).status).toBe(503);
  expect((await load({})).status).toBe(200);
  expect(await json(await service.request('/v2/models/sum/ready'))).toEqual([
    200,
    { name: 'sum', ready: true },
  ]);
  expect(await json(await service.request('/v2/nothing'))).toEqual([
    404,
    { code: 'not_found', error: expect.stringContaining('/v2/nothing') },
  ]);
});

it('counts what workers have answered, in heartbeats', async () => {
  interface Stats {
    model_stats: {
      name: string;
      inference_count: number;
      execution_count: number;
      inference_stats: Record<string, { count: number; ns: number }>;
    }[];
  }
  const statsOf = async (path: string) => (await (await service.request(path)).json()) as Stats;
  const of = async (name: string) => (await statsOf(`/v2/models/${name}/stats`)).model_stats[0]!;
  const before = await of('counted');
  const rowsOf = (data: number[][]) => ({
    inputs: [{ name: 'x', shape: [data.length, 2], datatype: 'INT64', data: data.flat() }],
  });
  for (const rows of [1, 3]) {
    const answer = await infer('counted', rowsOf(Array.from({ length: rows }, () => [1, 2])));
    expect(answer.status).toBe(200);
  }
  const after = await waitUntil('a heartbeat', async () => {
    const now = await of('counted');
    return now.inference_count >= before.inference_count + 4 && now;
  });
  expect(after.inference_count).toBe(before.inference_count + 4);
  expect(after.execution_count).toBeGreaterThan(before.execution_count);
  const { success, fail, queue, compute_infer: calls } = after.inference_stats;
  expect([success!.count, fail!.count]).toEqual([after.inference_count, 0]);
  expect(success!.ns).toBeGreaterThan(queue!.ns + calls!.ns);
  const all = await statsOf('/v2/models/stats');
  expect(all.model_stats.map(({ name }) => name).toSorted()).toEqual([
    'counted',
    'fixed',
    'mood',
    'open',
    'sum',
    'tiny',
    'whole',
  ]);
  const model = (await (await service.request('/v1/models/counted')).json()) as ModelWire;
  expect(model).toMatchObject({ input: 'tensors', use: { rows: after.inference_count, failed: 0 } });
  expect(model.use!.row_ms).toBeGreaterThan(0);
});

const hasClient = python !== undefined && spawnSync(python, ['-c', 'import tritonclient.http']).status === 0;

it.skipIf(!hasClient)(
  "Triton's client works (needs FOREBAY_TEST_PYTHON with tritonclient[http])",
  async () => {
    const program = fileURLToPath(new URL('../../support/triton-client.py', import.meta.url));
    expect(await jsonOfPython(program, new URL(service.url).host)).toEqual({
      live: true,
      name: 'forebay',
      inputs: [{ name: 'x', datatype: 'INT64', shape: [-1, 2] }],
      ready: [false, true],
      states: Object.fromEntries(
        ['counted', 'fixed', 'mood', 'open', 'sum', 'tiny', 'whole'].map((name) => [name, 'READY']),
      ),
      id: 'r1',
      labels: ['place', 'place'],
      scores: [[Math.fround(0.9)], [Math.fround(0.9)]],
      same: [true, true],
      sums: [123, 456],
      refused: [
        ['404', expect.stringContaining('no version "7"')],
        ['400', expect.stringContaining('"config" is refused')],
      ],
      statistics: 'sum',
    });
  },
);
