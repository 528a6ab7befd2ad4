/** Cause and fix of the errors of a model folder. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const MODEL_ERRORS = {
  invalid_model_config: {
    cause: '`model.json` is missing, is no JSON, or has a field that is unknown or wrong.',
    fix: 'Correct the fields that the message names. `forebay model init` writes a first `model.json`.',
  },
  config_mismatch: {
    cause: '`model.json` and the graph contradict each other, in a shape, a type or the number of classes.',
    fix: 'The message names both sides. Change `model.json` to what the graph says, or export the graph anew.',
  },
  model_load_failed: {
    cause:
      'The graph cannot be loaded. The file is damaged or incomplete, or it uses an operator that onnxruntime lacks.',
    fix: 'Copy or export the model again. `forebay doctor` tries every model.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
