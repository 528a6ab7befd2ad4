/** What a model has found in a row, and the filter that chooses rows by it. */
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';

/** A mask in compressed run lengths of COCO. */
export interface Mask {
  /** Height and width of the picture. */
  readonly size: readonly [number, number];
  readonly counts: string;
}

export interface Mark {
  /** Number of the class. Entities have none. */
  readonly index?: number;
  readonly label: string;
  /** Absent if the model gives none. */
  readonly score?: number;
  /** Left, top, width and height in pixels of the picture. */
  readonly box?: readonly [number, number, number, number];
  readonly mask?: Mask;
}

export interface RowFilter {
  /** Empty: any label. */
  readonly label: string;
  /** The lowest score. */
  readonly least: number;
}

export const NO_FILTER: RowFilter = { label: '', least: 0 };

const FIELDS = ['predictions', 'detections', 'segments', 'entities'];
/** Above this, counts in a mask would not be exact. */
const MOST_PIXELS = 2 ** 31;

export function isFiltering({ label, least }: RowFilter): boolean {
  return label !== '' || least > 0;
}

/** Why the row failed. Null if it succeeded: a column that is joined may be named `error`, too. */
export function failureOf(row: ResultRow | ErrorRow): ErrorRow['error'] | null {
  const error: unknown = 'error' in row ? row.error : null;
  return typeof error === 'object' && error !== null && 'code' in error ? (error as ErrorRow['error']) : null;
}

/** A predictor may answer anything under these names. What has another form is left out. */
export function marksOf(row: ResultRow | ErrorRow): Mark[] {
  if (failureOf(row) !== null) return [];
  const fields: Record<string, unknown> = row;
  const found = FIELDS.flatMap((name) => fields[name] ?? []);
  return found.map(markOf).filter((mark) => mark !== null);
}

/** Whether the model looks for objects or segments, and found none in this row. */
export function foundNothing(row: ResultRow | ErrorRow): boolean {
  const lists = FIELDS.map((name) => (row as Record<string, unknown>)[name]).filter(Array.isArray);
  return lists.length > 0 && lists.every((list) => list.length === 0);
}

/** The marks that the filter asks for. */
export function chosenMarks(row: ResultRow | ErrorRow, { label, least }: RowFilter): Mark[] {
  return marksOf(row).filter(
    (mark) => (label === '' || mark.label === label) && (mark.score === undefined || mark.score >= least),
  );
}

export function passes(row: ResultRow | ErrorRow, filter: RowFilter): boolean {
  return !isFiltering(filter) || chosenMarks(row, filter).length > 0;
}

function markOf(found: unknown): Mark | null {
  if (typeof found !== 'object' || found === null) return null;
  const { index, label, score, box, rle } = found as Record<string, unknown>;
  const named = typeof label === 'string' ? label : typeof index === 'number' ? String(index) : null;
  if (named === null) return null;
  return {
    label: named,
    ...(typeof index === 'number' && { index }),
    ...(typeof score === 'number' && { score }),
    ...(isBox(box) && { box }),
    ...(isMask(rle) && { mask: rle }),
  };
}

function isBox(value: unknown): value is [number, number, number, number] {
  return Array.isArray(value) && value.length === 4 && value.every(Number.isFinite);
}

function isMask(value: unknown): value is Mask {
  if (typeof value !== 'object' || value === null) return false;
  const { size, counts } = value as Record<string, unknown>;
  if (typeof counts !== 'string' || !Array.isArray(size) || size.length !== 2) return false;
  const [height, width] = size as unknown[];
  return isLength(height) && isLength(width) && height * width <= MOST_PIXELS;
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}
