/** The exports of `forebay/predictor`, for models of the user's own code. Nothing else is public. */
export { defineHooks } from './define-hooks.ts';
export type { ChangedRow, HookContext, Hooks, RowPixels, TaskAnswer } from './define-hooks.ts';
export { definePredictor } from './define-predictor.ts';
export type { Predictor } from './define-predictor.ts';
export type { Answer, PredictorContext, PredictorRow, RowFailure } from './predictor-context.ts';
export type { Graph, GraphTensors, ImageOptions, PredictorTensor } from './predictor-context.ts';
export type {
  EncodedTexts,
  EncodeOptions,
  TextFeeds,
  Tokenizer,
  TokenizerOptions,
  TokenTensor,
} from './tokenizer.ts';
