/** What the index of an archive lists, whatever its format. */
import type { SkipReason } from '../../domain/skipped.ts';
import type { ErrorCode } from '../../errors.ts';

/** Why a row cannot be read. `why`: the end of a sentence about it. */
export interface RowProblem {
  readonly code: ErrorCode;
  readonly why: string;
}

/** `end`: the range that was read is too short, because its header is longer than the index says. */
export type Unpacked =
  | { readonly bytes: Uint8Array }
  | { readonly problem: RowProblem }
  | { readonly end: number };

/** Where the content of a member is in the file, and how it becomes the member's bytes. */
export interface Content {
  readonly from: number;
  readonly to: number;
  /** End of the contents that follow this one in the file and are read next, so that one read can fetch them all. */
  readonly ahead: number;
  /** `stored`: the bytes from `from` on. */
  unpack(stored: Buffer, limits: MemberLimits): Unpacked | Promise<Unpacked>;
}

export interface MemberLimits {
  /** Largest member that is read, in bytes. */
  readonly maxFileBytes: number;
  /** Largest member, as a multiple of its compressed size. */
  readonly maxFetchRatio: number;
}

/** `from` and `to`: its place in the index. Reading that range gives the entry again. */
export interface Member extends IndexRange {
  readonly kind: 'file';
  readonly name: string;
  /** Bytes of the member, when it is unpacked. */
  readonly size: number;
  /** Null if it can be read, as far as the index shows. */
  readonly problem: RowProblem | null;
  readonly content: Content;
}

export type Entry =
  | Member
  | (IndexRange & { readonly kind: 'left_out'; readonly name: string; readonly reason: SkipReason })
  | (IndexRange & { readonly kind: 'folder' })
  /** What follows cannot be read. */
  | (IndexRange & { readonly kind: 'damaged'; readonly problem: RowProblem });

/** Part of an index: of a tar itself, or of the central directory of a zip. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

export function unreadable(why: string): RowProblem {
  return { code: 'file_unreadable', why };
}
