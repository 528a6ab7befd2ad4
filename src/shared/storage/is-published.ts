import { PART_FORMATS } from '../domain/job/part-format.ts';
import { partName } from './output-names.ts';
import { sha256 } from '../text/sha256.ts';

/** Whether a part with this hash is published, in whatever format. */
export async function isPublished(
  read: (name: string) => Promise<Buffer | null>,
  block: number,
  partHash: string,
): Promise<boolean> {
  for (const format of PART_FORMATS) {
    const part = await read(partName(block, format));
    if (part !== null && sha256(part) === partHash) return true;
  }
  return false;
}
