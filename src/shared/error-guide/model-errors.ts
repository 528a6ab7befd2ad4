/** Cause and fix of the errors of a model folder. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const MODEL_ERRORS = {
  invalid_model_config: {
    cause:
      '`model.json` is missing, is not JSON, or has a field that is unknown or wrong. Or `aliases.json` is wrong, or the models folder cannot be read.',
    fix: 'Correct the fields that the message names. `forebay model init` writes a first `model.json`.',
  },
  config_mismatch: {
    cause:
      '`model.json` and the graph contradict each other, for example in a shape, a type or the number of classes.',
    fix: 'The message names both values. Change `model.json` to match the graph, or export the graph again.',
  },
  model_load_failed: {
    cause:
      'The graph cannot be loaded. The file is damaged or incomplete, or it uses an operator that onnxruntime does not have.',
    fix: 'Copy or export the model again. `forebay doctor` checks every model folder.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
