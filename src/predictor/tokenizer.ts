/** The tokenizer that a predictor gets from its lane. */

/** Absent fields have the values of the files beside tokenizer.json. In hooks of a text model: those of model.json. */
export interface TokenizerOptions {
  /** A folder below the model's folder that holds tokenizer.json. Default: the model's folder. */
  readonly folder?: string;
  /** Most tokens per text, special tokens included. Longer texts are cut. 512 if no file says it. */
  readonly maxLength?: number;
  /** The token that fills up shorter texts, such as `[PAD]`. */
  readonly padToken?: string;
  /** The side on which longer texts are cut. Default: `right`. */
  readonly truncationSide?: 'left' | 'right';
}

export interface Tokenizer {
  /** Most tokens per text, special tokens included. */
  readonly maxLength: number;
  /**
   * Turns texts into the inputs of one model call, with the same ids as the text tasks. A text that is no string, or
   * cannot be tokenised, makes it reject. If `predict` passes that on, only the row of the text fails.
   */
  encode(texts: readonly string[], options?: EncodeOptions): Promise<EncodedTexts>;
}

export interface EncodeOptions {
  /** Most tokens per text in this call. Default: that of the tokenizer. */
  readonly maxLength?: number;
  /** The second text of each text, in the same order. Null or undefined: none. The longer one of a pair is cut first. */
  readonly pairs?: readonly (string | null | undefined)[];
}

export interface EncodedTexts {
  /** Pass it to `run` of a graph, which takes the inputs that it has. */
  readonly feeds: TextFeeds;
  /** Tokens of each text, special tokens included, without padding. */
  readonly lengths: readonly number[];
}

/**
 * `input_ids`: the ids of the tokens. `attention_mask`: 1 for a token, 0 for padding. `token_type_ids`: 0, or 1 for the
 * second text of a pair if the tokenizer tells the two apart. All have one row per text, and as many columns as the
 * longest text has tokens. Padding is on the right.
 */
export type TextFeeds = Readonly<Record<'input_ids' | 'attention_mask' | 'token_type_ids', TokenTensor>>;

/** Integers of shape [texts, tokens], row by row. */
export interface TokenTensor {
  readonly type: 'int64';
  readonly dims: readonly [texts: number, tokens: number];
  readonly data: BigInt64Array;
}
