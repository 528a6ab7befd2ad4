/** Kinds of rows in words, for messages. */
import type { RowKind } from '../task-description.ts';

export const ROWS_OF_KIND: Readonly<Record<RowKind, string>> = {
  image: 'images',
  audio: 'sounds',
  text: 'texts',
  features: 'records',
  tensors: 'tensors',
};
