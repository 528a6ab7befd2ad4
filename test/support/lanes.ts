// Lanes and images for tests. Starting a lane costs as much CPU time as most tests, so the tests of a file share one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, onTestFinished } from 'vitest';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import { unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { RowLimits } from '#forebay/shared/files/row-limits.js';
import { startChildLane, type ChildLaneOptions } from '#forebay/workers/lane-pool/child-lane.js';
import type { BatchResult, Lane, RunBatch } from '#forebay/workers/lane-pool/lane-handle.js';
import type { LaneFile } from '#forebay/workers/lane/messages.js';

/** Limits that no ordinary row of a test reaches. */
export const LIMITS: RowLimits = {
  inputRoots: ['/'],
  maxFileBytes: 64_000_000,
  maxHeldBytes: 128_000_000,
  maxPixels: 100_000_000,
  maxImageRatio: 5000,
  maxDecodeBytes: 2 ** 30,
  decodeBudgetBytes: 2 ** 29,
};

export function testFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'forebay-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

interface UnpackedResult extends Omit<BatchResult, 'outcomes'> {
  readonly outcomes: readonly RowOutcome[];
  /** See Outcomes. */
  readonly stamps: readonly number[];
}

/** A lane whose outcomes come one by one. */
export type TestLane = Omit<Lane, 'run'> & {
  run(batch: RunBatch): Promise<UnpackedResult>;
};

export function testLane(options: Partial<ChildLaneOptions> = {}): TestLane {
  const lane = startChildLane({ index: 0, uvThreads: 2, limits: LIMITS, ...options });
  onTestFinished(async () => {
    lane.kill();
    await lane.exited;
  });
  return oneByOne(lane);
}

export function oneByOne(lane: Lane): TestLane {
  const run: TestLane['run'] = async (batch) => {
    const { outcomes, timings } = await lane.run(batch);
    return { outcomes: unpackOutcomes(outcomes), stamps: [...(outcomes.stamps ?? [])], timings };
  };
  return Object.assign(Object.create(lane) as Lane, { run });
}

export interface LoadableModel {
  readonly dir: string;
  readonly config: ModelConfig;
  readonly named: readonly LaneFile[];
}

/** A lane with one model resident, under the key "m". Other tests of the file use the same process. */
export async function loadedLane(model: LoadableModel): Promise<SharedLane> {
  const lane = sharedLane();
  await lane.load({ model: 'm', ...model, threads: 1 });
  return lane;
}

/** The same in a process of its own, for tests that end it or look at its memory. */
export async function loadedOwnLane(model: LoadableModel, index = 0): Promise<TestLane> {
  const lane = testLane({ index });
  await lane.load({ model: 'm', ...model, threads: 1 });
  return lane;
}

export type SharedLane = Pick<TestLane, 'load' | 'run'>;

/** Unit tests share processes, and then their files share the lane, too. A lane ends with its parent at the latest. */
let shared: TestLane | null = null;
let loads = 0;
afterAll(async () => {
  shared?.kill();
  await shared?.exited;
});

/** The lane that all tests of a file share. Each test loads models under its own keys, and they are unloaded at its end. */
export function sharedLane(): SharedLane {
  const lane = (shared ??= startShared());
  const keys = new Map<string, string>();
  onTestFinished(() => {
    for (const key of keys.values()) lane.unload(key);
  });
  return {
    async load(model) {
      const key = `${model.model}-${(loads += 1)}`;
      const info = await lane.load({ ...model, model: key });
      const before = keys.get(model.model);
      if (before !== undefined) lane.unload(before);
      keys.set(model.model, key);
      return info;
    },
    run: async (batch) => lane.run({ ...batch, model: keys.get(batch.model) ?? batch.model }),
  };
}

function startShared(): TestLane {
  const lane = startChildLane({ index: 0, uvThreads: 2, limits: LIMITS });
  const forget = () => (shared = null);
  lane.exited.then(forget, forget);
  return oneByOne(lane);
}

/** A PNG of one colour. */
export async function plain(red: number, green: number, blue: number, side = 16): Promise<Uint8Array> {
  const background = { r: red, g: green, b: blue };
  return sharp({ create: { width: side, height: side, channels: 3, background } })
    .png()
    .toBuffer();
}

export interface Prediction {
  readonly index: number;
  readonly label?: string;
  readonly score: number;
}

export function predictionsOf(outcome: RowOutcome | undefined): Prediction[] {
  if (outcome?.ok !== true) throw new Error(`a failed row: ${JSON.stringify(outcome)}`);
  return (JSON.parse(`{${outcome.result}}`) as { predictions: Prediction[] }).predictions;
}

/** The answer of a row. Of a failed row: its error as "code: message". */
export function answerOf(outcome: RowOutcome): unknown {
  return outcome.ok ? JSON.parse(`{${outcome.result}}`) : `${outcome.error.code}: ${outcome.error.message}`;
}

/** The error code of a failed row, or "ok". */
export function codeOf(outcome: RowOutcome): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

/** Maximum resident memory of a process so far, in MB. */
export function peakMemoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}
