// `forebay model init` as a process, on graphs made on the spot.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { testFolder } from '../../../support/lanes.ts';
import { meanColourModel } from '../../../support/onnx/models.ts';

const ENTRY = fileURLToPath(import.meta.resolve('#forebay/workers/model-init.js'));
const ONE_HOT = [
  [1, 0, 0],
  [0, 1, 0],
];

async function init(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [ENTRY, ...args], (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

it('makes a model folder out of a bare graph, tries it, and never overwrites unasked', async () => {
  const dir = testFolder();
  writeFileSync(
    join(dir, 'My Model.onnx'),
    meanColourModel({ classes: ONE_HOT, side: 32, softmax: true, batch: 4 }),
  );
  writeFileSync(join(dir, 'labels.txt'), 'red\ngreen\n');
  const file = join(dir, 'My Model.onnx');
  const { code, out } = await init(file);
  expect(code).toBe(0);
  expect(out).toContain('graph and contract fit');
  expect(out).toContain('batch   fixed at 4');
  const text = JSON.parse(readFileSync(join(dir, 'my-model', 'model.json'), 'utf8')) as object;
  expect(text).toMatchObject({
    name: 'my-model',
    preprocess: { resize: 32, crop: 32 },
    labels: 'labels.txt',
    softmax: false,
    top_k: 2,
  });
  const again = await init(file);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('--force') as string });
  expect((await init(file, '--force', '--name', 'my-model')).code).toBe(0);
});

it('writes beside a model.onnx, and takes outputs without softmax for logits', async () => {
  const dir = testFolder();
  writeFileSync(
    join(dir, 'model.onnx'),
    meanColourModel({ classes: ONE_HOT, side: 224, trailingOnes: true }),
  );
  expect((await init(join(dir, 'model.onnx'), '--name', 'two')).code).toBe(0);
  const contract = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')) as object;
  expect(contract).toMatchObject({ name: 'two', softmax: true, preprocess: { resize: 256, crop: 224 } });
});

it('ends with 2 and writes nothing where the file is no image classifier or no model', async () => {
  const dir = testFolder();
  writeFileSync(join(dir, 'x.onnx'), 'garbage');
  expect(await init(join(dir, 'x.onnx'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('not an ONNX model') as string,
  });
  expect(existsSync(join(dir, 'x'))).toBe(false);
  expect((await init()).code).toBe(2);
  expect((await init(join(dir, 'absent.onnx'))).err).toContain('cannot read');
});
