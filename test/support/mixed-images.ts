// Images of many kinds, for comparing lanes with decode threads with lanes without them.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { testFolder } from './lanes.ts';

/** Images of many formats and sizes, as bytes and as files, with bad rows between them. */
export async function mixedRows(): Promise<LaneInput[]> {
  const dir = testFolder();
  const photo = (width: number, height: number) =>
    sharp({
      create: {
        width,
        height,
        channels: 3,
        noise: { type: 'gaussian', mean: 120, sigma: 40 },
        background: '#000',
      },
    });
  const encoded = await Promise.all([
    photo(64, 48).jpeg().toBuffer(),
    photo(31, 70).png().toBuffer(),
    photo(40, 40).webp().toBuffer(),
    photo(300, 200).jpeg({ progressive: true }).toBuffer(),
    photo(33, 20).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
    photo(8, 5).gif().toBuffer(),
    photo(20, 9).greyscale().jpeg().toBuffer(),
  ]);
  const rows: LaneInput[] = [];
  for (const [i, bytes] of encoded.entries()) {
    writeFileSync(join(dir, `${i}`), bytes);
    // A file that has just been written has no version.
    utimesSync(join(dir, `${i}`), 1_700_000_000, 1_700_000_000 + i);
    rows.push({ path: join(dir, `${i}`), tenant: 'default' }, { bytes });
  }
  mkdirSync(join(dir, 'folder'));
  rows.splice(3, 0, { bytes: Buffer.from('no image') }, { path: join(dir, 'absent'), tenant: 'default' });
  rows.push({ path: join(dir, 'folder'), tenant: 'default' }, { json: '{"text":"no image"}' });
  return [...rows, { bytes: encoded[0]!.subarray(0, 300) }, { bytes: new Uint8Array() }];
}

/** Threads share the error text of libvips, so the cause of a broken image may be missing, or that of another one. */
export function comparable(outcomes: readonly RowOutcome[]): readonly RowOutcome[] {
  return outcomes.map((outcome) =>
    outcome.ok || outcome.error.code !== 'decode_failed'
      ? outcome
      : { ok: false, error: { code: outcome.error.code, message: 'broken' } },
  );
}
