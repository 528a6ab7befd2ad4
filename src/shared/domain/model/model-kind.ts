/**
 * The kinds of model that a folder can hold, named by `kind` in model.json. `onnx`: a graph with a task. `predictor`: a
 * JavaScript module of the user's. `pipeline`: other models, combined. All are served alike.
 */
export const MODEL_KINDS = ['onnx', 'predictor', 'pipeline'] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];
