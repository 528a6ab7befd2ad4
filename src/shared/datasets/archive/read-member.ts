/** Reads the bytes of a member within the limits of a row. */
import type { ByteWindow } from './byte-window.ts';
import { READ_TOGETHER } from './archive-index.ts';
import { unreadable, type Member, type MemberLimits, type RowProblem } from './entry.ts';

export type MemberBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: RowProblem };

/** Rejects as reading the file does. */
export async function readMember(
  { content, size, problem }: Member,
  window: ByteWindow,
  limits: MemberLimits,
): Promise<MemberBytes> {
  const tooLarge = size > limits.maxFileBytes ? sizeProblem(size, limits) : null;
  const known = problem ?? tooLarge;
  if (known !== null) return { ok: false, problem: known };
  const { from, ahead } = content;
  for (let to = content.to; ;) {
    const stored =
      window.held(from, to - from) ??
      (await window.load(from, to - from, Math.min(READ_TOGETHER, ahead - from)));
    const unpacked = await content.unpack(stored, limits);
    if ('problem' in unpacked) return { ok: false, problem: unpacked.problem };
    if ('bytes' in unpacked) {
      const { bytes } = unpacked;
      return bytes.length === size ? { ok: true, bytes } : { ok: false, problem: CUT_OFF };
    }
    const end = from + unpacked.end;
    if (end <= to || end > window.size) return { ok: false, problem: CUT_OFF };
    to = end;
  }
}

const CUT_OFF = unreadable('is cut off');

export function sizeProblem(size: number, { maxFileBytes }: MemberLimits): RowProblem {
  return {
    code: 'file_too_large',
    why: `has ${size} bytes, and the limit is ${maxFileBytes}: raise FOREBAY_MAX_FILE_MB, or pack smaller files`,
  };
}
