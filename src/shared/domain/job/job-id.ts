/**
 * Job ids: `job_` and a ULID. They sort by creation time, and fit queue names, file names and URLs. Implemented here,
 * because it is ten lines and `domain` imports only zod (docs/adr/0010-own-pieces.md).
 */
import { z } from 'zod';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export const JOB_ID = z.string().regex(/^job_[0-9A-HJKMNP-TV-Z]{26}$/);

/** When the id was made, in ms since the epoch. */
export function jobIdTime(id: string): number {
  let time = 0;
  for (const digit of id.slice(4, 14)) time = time * 32 + ALPHABET.indexOf(digit);
  return time;
}

/** `random`: 16 bytes. Zeros give the smallest id of that time. */
export function newJobId(nowMs: number, random: Uint8Array): string {
  let time = '';
  for (let i = 0, t = nowMs; i < 10; i++, t = Math.floor(t / 32)) time = ALPHABET[t % 32]! + time;
  let tail = '';
  for (let i = 0; i < 16; i++) tail += ALPHABET[random[i]! % 32]!;
  return `job_${time}${tail}`;
}
