/**
 * Runs a tiny graph with the execution provider in its argument, and exits with 0 if the answer is right. It writes the
 * reason of a failure to stderr, and so may onnxruntime. A provider may crash its process, so each provider has its
 * own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderName } from '../../../shared/domain/model/execution-providers.ts';
import { messageOf } from '../../../shared/errors.ts';
import { bootstrapLane } from '../bootstrap.ts';

/** y = x times a matrix that swaps the two columns. */
const GRAPH =
  'CAg6YgoRCgF4CgF3EgF5IgZNYXRNdWwSBHRlc3QqGwgCCAIQAUIBd0oQAAAAAAAAgD8AAIA/AAAAAFoUCgF4Eg8KDQgBEgkKAxIBTgoCCAJiFAoBeRIPCg0IARIJCgMSAU4KAggCQgQKABAN';

bootstrapLane();
process.exitCode = await check(process.argv[2] as ProviderName);

async function check(provider: ProviderName): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-provider-'));
  try {
    const path = join(folder, 'model.onnx');
    writeFileSync(path, Buffer.from(GRAPH, 'base64'));
    const { createOnnxSession } = await import('../models/onnx-session.ts');
    const session = await createOnnxSession({ path, threads: 1, providers: [provider] });
    const x = { type: 'float32', dims: [1, 2], data: Float32Array.of(3, 5) } as const;
    const { data } = (await session.run({ x }, ['y']))['y']!;
    const right = data[0] === 5 && data[1] === 3;
    if (!right) throw new Error(`the answer is ${String(data)} instead of 5,3`);
    return 0;
  } catch (error) {
    process.stderr.write(`\n${messageOf(error)}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
