/** Cause and fix of the errors of a model folder. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const MODEL_ERRORS = {
  invalid_model_config: {
    cause:
      '`model.json` is missing, is not JSON, or has a field that is unknown or wrong. Or another file of the model is missing or wrong, two models have the same name, `aliases.json` is wrong, or the models folder cannot be read.',
    fix: 'Correct what the message names. `forebay model init` writes a first `model.json`.',
  },
  config_mismatch: {
    cause:
      '`model.json` and the graph contradict each other, for example in a shape, a type or the number of classes. Or `model.json` leaves out what the graph does not show, such as `activation`.',
    fix: 'The message names what does not fit or is missing. Change `model.json`, or export the graph again.',
  },
  model_load_failed: {
    cause:
      'The graph or another file of the model cannot be loaded. It is damaged or incomplete, needs something that this installation does not have, such as an operator, takes too long to load, or needs too much memory.',
    fix: 'Follow the advice in the message, or copy or export the model again. `forebay doctor` checks every model folder.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
