// The job of a chaos run. Its manifest repeats a few small images. Some rows fail, so that the job writes both parts
// and error files.
import sharp from 'sharp';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { Cluster } from './cluster.ts';

/** Width and height in pixels. At this size, decoding takes as long as all other steps together. */
const SIDE = 96;
const FILES = 12;

export interface ChaosJob {
  readonly rows: number;
  readonly blockRows: number;
}

export async function submitChaosJob(cluster: Cluster, job: ChaosJob): Promise<JobWire> {
  return cluster.submit(await chaosRequest(cluster, job));
}

/** Writes the job's input. Returns the request to submit. */
export async function chaosRequest(cluster: Cluster, { rows, blockRows }: ChaosJob) {
  const uris: string[] = [];
  for (let i = 0; i < FILES; i++) uris.push(await cluster.image(nameOf(i), await imageOf(i)));
  const broken = await cluster.image('broken.jpg', (await imageOf(1)).subarray(0, 300));
  const absent = uris[0]!.replace(nameOf(0), 'absent.png');
  const uriOf = (row: number) => (isBroken(row) ? broken : isAbsent(row) ? absent : uris[row % FILES]);
  const lines = Array.from({ length: rows }, (_, i) => JSON.stringify({ id: `row-${i}`, uri: uriOf(i) }));
  cluster.input('rows.txt', lines.join('\n'));
  return {
    input: { type: 'manifest', path: 'rows.txt' },
    options: { block_rows: blockRows },
  };
}

/** One row in 97 is a broken image. */
function isBroken(row: number): boolean {
  return row % 97 === 5;
}

/** One row in 301 names a file that does not exist. */
function isAbsent(row: number): boolean {
  return row % 301 === 7;
}

function nameOf(file: number): string {
  return `${file}.${file % 2 === 0 ? 'png' : 'jpg'}`;
}

async function imageOf(file: number): Promise<Buffer> {
  const background = { r: (file * 67) % 256, g: (file * 131) % 256, b: (file * 29 + 90) % 256 };
  const image = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } });
  return file % 2 === 0 ? image.png().toBuffer() : image.jpeg().toBuffer();
}
