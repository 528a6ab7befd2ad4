/** Which fields of a row a model reads. A table needs to read no other columns. */

export interface RowFields {
  /** Without `id`. Null: nobody knows, so any column may be one of them. */
  readonly names: readonly string[] | null;
  /** Fields without which no row can be answered. */
  readonly needed: readonly string[];
  /** Fields that hold text, even if it looks like a number. Null: all fields do. */
  readonly text: readonly string[] | null;
  /** Fields that hold a text and never a file, so that no bytes can feed them. Absent: none. */
  readonly strings?: readonly string[];
  /** Fields that hold a number, so that no text can feed them. Absent: none. */
  readonly numbers?: readonly string[];
  /** Fields that no row may have. Absent: none. */
  readonly refused?: readonly string[];
}

export const IMAGE_FIELDS: RowFields = { names: ['image'], needed: ['image'], text: null };

const TEXTS = ['text', 'text_pair'];

export const TEXT_FIELDS: RowFields = { names: TEXTS, needed: ['text'], text: null, strings: TEXTS };
