// The task "tensors" in a lane, on graphs with known answers. Skipped without ../shared/data.
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadedLane, testFolder, sharedLane } from '../../support/lanes.ts';
import { checkedConfig } from '../../support/onnx/models.ts';
import { answeredTensors } from '../../support/tensor-rows.ts';

const DATA = resolve(import.meta.dirname, '../../../../shared/data');
const hasData = existsSync(DATA);

describe.skipIf(!hasData)('on ../shared/data (skipped without that folder)', () => {
  const cases = join(DATA, 'open/onnx-cases');
  const names = hasData ? readdirSync(cases).filter((name) => name.startsWith('test_')) : [];

  it('all 56 graphs of onnx-cases return their known answers, also as several rows, and shapes in base64', async () => {
    expect(names.length).toBe(56);
    const lane = sharedLane();
    for (const name of names) {
      const { inputs, outputs } = readJson<Case>(cases, name, 'case.json');
      const fields = Object.fromEntries(inputs.map((input) => [input.name, nested(input)]));
      const given = inputs.map((input) => [input.name, { example: fields[input.name], batch_axis: null }]);
      const asked = outputs.map(({ name: output, type }) => [
        output,
        { encoding: type === 'STRING' ? 'json' : 'base64' },
      ]);
      const config = { inputs: Object.fromEntries(given) as object };
      const file = join(cases, name, 'model.onnx');
      await lane.load({ model: 'lists', ...folderOf(file, config), threads: 1 });
      const coded = { ...config, outputs: Object.fromEntries(asked) as object };
      await lane.load({ model: 'base64', ...folderOf(file, coded), threads: 1 });
      const [first, second] = await answeredTensors(lane, [fields, fields], 'lists');
      const [bytes] = await answeredTensors(lane, [fields], 'base64');
      expect(second).toEqual(first);
      expect(Object.keys(first!), name).toEqual(outputs.map((output) => output.name));
      for (const output of outputs) {
        expectClose(
          first![output.name],
          nested(output),
          `${name}: ${output.name}`,
          TOLERANCE[output.type] ?? 0,
        );
        if (output.type === 'STRING') continue;
        expect(bytes![output.name], name).toMatchObject({ shape: output.shape, dtype: DTYPES[output.type] });
      }
    }
  }, 300_000);

  describe('silero-vad, whose state has its batch on axis 1', () => {
    const file = join(DATA, 'open/audio/silero-vad-16k.onnx');
    const config = {
      inputs: { input: { example_shape: [576] }, state: { batch_axis: 1 }, sr: { value: 16_000 } },
      outputs: { output: {}, stateN: { batch_axis: 1 } },
    };
    const { probs } = hasData
      ? readJson<{ silero: { probs: number[] } }>(DATA, 'open/audio/reference.json').silero
      : { probs: [] };

    it.each(['json', 'base64'])(
      'returns its 10 probabilities, with the state carried over as %s',
      async (encoding) => {
        const outputs = { output: {}, stateN: { batch_axis: 1, encoding } };
        const lane = await loadedLane(folderOf(file, { ...config, outputs }));
        let state: unknown = nested({ shape: [2, 128], data: Array(256).fill(0) });
        for (const [window, expected] of probs.entries()) {
          const [answer] = await answeredTensors(lane, [{ input: speech(window), state }]);
          const { output, stateN } = answer as { output: [number]; stateN: unknown };
          expect(output[0]).toBeCloseTo(expected, 5);
          state = stateN;
        }
      },
    );

    it('answers rows of one batch as it answers each of them alone', async () => {
      const lane = await loadedLane(folderOf(file, config));
      const zeros = nested({ shape: [2, 128], data: Array(256).fill(0) });
      const other = nested({ shape: [2, 128], data: Array.from({ length: 256 }, (_, i) => Math.sin(i)) });
      const rows = probs.map((_, i) => ({ input: speech(i), state: i % 2 === 0 ? zeros : other }));
      const together = await answeredTensors(lane, rows);
      for (const [i, row] of rows.entries()) {
        const [alone] = await answeredTensors(lane, [row]);
        expectClose(together[i]!['output'], alone!['output'], `row ${i}`, 1e-5);
        expectClose(together[i]!['stateN'], alone!['stateN'], `row ${i}`, 1e-5);
      }
      const distinct = new Set(together.map((answer) => JSON.stringify(answer['stateN'])));
      expect(distinct.size).toBe(rows.length);
    });
  });

  it('magika names all 129 files whose reference label comes from the model, in batches of 43', async () => {
    const { target_labels_space: labels } = readJson<{ target_labels_space: string[] }>(
      DATA,
      'models/magika.config.json',
    );
    const packed = readFileSync(join(DATA, 'models/magika.reference.json.gz'));
    const reference = JSON.parse(gunzipSync(packed).toString()) as MagikaFile[];
    const files = reference.filter(
      ({ status, prediction }) => status === 'ok' && prediction.dl !== 'undefined',
    );
    expect(files.length).toBe(129);
    const lane = await loadedLane(folderOf(join(DATA, 'models/magika.onnx'), {}));
    for (let from = 0; from < files.length; from += 43) {
      const some = files.slice(from, from + 43);
      const rows = some.map(({ content_base64 }) => ({
        bytes: features(Buffer.from(content_base64, 'base64')),
      }));
      for (const [i, { target_label }] of (await answeredTensors(lane, rows)).entries()) {
        const scores = target_label as number[];
        const best = scores.indexOf(Math.max(...scores));
        const { dl, score } = some[i]!.prediction;
        expect(labels[best]).toBe(dl);
        // The reference comes from another runtime, and scores differ in the third digit.
        expect(scores[best]).toBeCloseTo(score, 2);
      }
    }
  });
});

const DTYPES: Readonly<Record<string, string>> = {
  FLOAT: 'float32',
  DOUBLE: 'float64',
  FLOAT16: 'float16',
  BOOL: 'bool',
  ...Object.fromEntries(
    ['INT8', 'INT16', 'INT32', 'INT64', 'UINT8', 'UINT16', 'UINT32', 'UINT64'].map((type) => [
      type,
      type.toLowerCase(),
    ]),
  ),
};

/** Maximum difference: relative, but absolute for values below 1. Values of other types must be equal. */
const TOLERANCE: Readonly<Record<string, number>> = { FLOAT: 1e-6, DOUBLE: 1e-9, FLOAT16: 1e-3 };

interface CaseTensor {
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

interface Case {
  readonly inputs: readonly (CaseTensor & { readonly name: string; readonly type: string })[];
  readonly outputs: Case['inputs'];
}

interface MagikaFile {
  readonly content_base64: string;
  readonly status: string;
  readonly prediction: { readonly dl: string; readonly score: number };
}

function nested({ shape, data }: CaseTensor): unknown {
  const [size, ...inner] = shape;
  if (size === undefined) return data[0];
  const length = data.length / Math.max(1, size);
  return Array.from({ length: size }, (_, i) =>
    nested({ shape: inner, data: data.slice(i * length, (i + 1) * length) }),
  );
}

function expectClose(got: unknown, expected: unknown, what: string, tolerance: number): void {
  if (Array.isArray(expected)) {
    expect(got, what).toHaveLength(expected.length);
    for (const [i, item] of expected.entries()) expectClose((got as unknown[])[i], item, what, tolerance);
  } else if (typeof expected === 'number' && typeof got === 'number') {
    expect(Math.abs(got - expected), what).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
  } else {
    // The cases store 64-bit numbers as strings.
    expect(String(got), what).toBe(String(expected));
  }
}

/** A tone that is switched on and off: 512 samples at 16 kHz, and the 64 samples before them. */
function speech(window: number): number[] {
  return Array.from({ length: 576 }, (_, i) => {
    const n = window * 512 + i - 64;
    const isOn = n >= 0 && Math.sin((2 * Math.PI * 4 * n) / 16_000) > 0;
    return isOn ? 0.3 * Math.sin((2 * Math.PI * 200 * n) / 16_000) : 0;
  });
}

/** The first and last 1024 bytes without white space around them, padded with 256. */
function features(content: Buffer): number[] {
  const isSpace = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);
  const start = [...content.subarray(0, 4096)];
  const end = [...content.subarray(-4096)];
  const first = start.findIndex((byte) => !isSpace(byte));
  const begin = first < 0 ? [] : start.slice(first, first + 1024);
  const last = end.slice(0, end.findLastIndex((byte) => !isSpace(byte)) + 1).slice(-1024);
  const padding = (taken: number[]) => Array<number>(1024 - taken.length).fill(256);
  return [...begin, ...padding(begin), ...padding(last), ...last];
}

function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

/** A model folder with a link to the graph. */
function folderOf(file: string, config: object) {
  const dir = testFolder();
  symlinkSync(file, join(dir, 'model.onnx'));
  return { dir, config: checkedConfig({ name: 'm', task: 'tensors', ...config }), named: [] };
}
