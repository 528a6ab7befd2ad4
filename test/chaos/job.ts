// The job of a chaos run. Its manifest names a few small images again and again. Some are bad, so that both parts and error
// files are at stake.
import sharp from 'sharp';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { Cluster } from './cluster.ts';

/** In pixels; large enough that decoding takes as long as the rest. */
const SIDE = 96;
const FILES = 12;

export interface ChaosJob {
  readonly rows: number;
  readonly blockRows: number;
}

export async function submitChaosJob(cluster: Cluster, job: ChaosJob): Promise<JobWire> {
  return cluster.submit(await chaosRequest(cluster, job));
}

/** Writes the job's input. Returns what to submit. */
export async function chaosRequest(cluster: Cluster, { rows, blockRows }: ChaosJob) {
  for (let i = 0; i < FILES; i++) cluster.input(nameOf(i), await imageOf(i));
  cluster.input('broken.jpg', (await imageOf(1)).subarray(0, 300));
  const lines = Array.from({ length: rows }, (_, i) => JSON.stringify({ id: `row-${i}`, uri: uriOf(i) }));
  cluster.input('rows.txt', lines.join('\n'));
  return {
    input: { type: 'manifest', path: 'rows.txt' },
    options: { block_rows: blockRows },
  };
}

/** Every 97th row cannot be decoded, and every 301st has no file. */
function uriOf(row: number): string {
  if (row % 97 === 5) return 'broken.jpg';
  return row % 301 === 7 ? 'absent.png' : nameOf(row % FILES);
}

function nameOf(file: number): string {
  return `${file}.${file % 2 === 0 ? 'png' : 'jpg'}`;
}

async function imageOf(file: number): Promise<Buffer> {
  const background = { r: (file * 67) % 256, g: (file * 131) % 256, b: (file * 29 + 90) % 256 };
  const image = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } });
  return file % 2 === 0 ? image.png().toBuffer() : image.jpeg().toBuffer();
}
