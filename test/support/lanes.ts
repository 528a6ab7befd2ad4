// Lanes and images for tests: everything made on the spot, everything ended afterwards.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import type { ModelConfig } from '#forebay/shared/domain/model-config.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import type { Lane } from '#forebay/workers/lane-pool/lane-handle.js';

export const LIMITS = {
  inputRoots: ['/'],
  maxFileBytes: 64_000_000,
  maxHeldBytes: 128_000_000,
  maxPixels: 100_000_000,
  maxImageRatio: 5000,
  maxDecodeBytes: 2 ** 30,
  decodeRoomBytes: 2 ** 29,
};
/** For models that get no rows. */
export const NO_ROWS = {
  inputRoots: [],
  maxFileBytes: 1,
  maxHeldBytes: 1,
  maxPixels: 1,
  maxImageRatio: 1,
  maxDecodeBytes: 1,
  decodeRoomBytes: 1,
};

export function testFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'forebay-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function testLane(index = 0): Lane {
  const lane = startChildLane({ index, uvThreads: 2 });
  onTestFinished(async () => {
    lane.kill();
    await lane.exited;
  });
  return lane;
}

export interface LoadableModel {
  readonly dir: string;
  readonly config: ModelConfig;
  readonly labels: readonly string[] | null;
}

/** A lane with one model resident, under the key "m". */
export async function loadedLane(model: LoadableModel, index = 0): Promise<Lane> {
  const lane = testLane(index);
  await lane.load({ model: 'm', ...model, threads: 1, limits: LIMITS });
  return lane;
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

/** Code of a failed row, "ok" of any other. */
export function codeOf(outcome: RowOutcome): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

/** Largest resident memory that a process has had, in MB. */
export function peakMemoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}
