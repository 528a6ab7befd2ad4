/** Types of digits-stream.js for TypeScript importers. digits-stream.js documents them. */
export type GlyphSet = 'train' | 'heldout';

export interface DigitRow {
  readonly index: number;
  readonly label: string;
  readonly style: string;
  readonly jpeg: Buffer;
}

export function digitsStream(options: {
  readonly seed: number;
  readonly glyphs?: GlyphSet;
  readonly start?: number;
  readonly count?: number;
}): AsyncGenerator<DigitRow, void, void>;
