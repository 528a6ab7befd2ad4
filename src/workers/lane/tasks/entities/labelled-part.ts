/** A token, a word or a larger part of the text with its label. */
export interface LabelledPart {
  /** The number of the label. */
  readonly label: number;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}
