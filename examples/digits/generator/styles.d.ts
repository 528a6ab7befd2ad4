/** Types of styles.js for TypeScript importers. styles.js documents them. */
export interface Style {
  readonly name: string;
  readonly digits: readonly (readonly (readonly number[])[])[][];
}

export const TRAINING_STYLES: readonly Style[];
export const HELDOUT_STYLES: readonly Style[];
