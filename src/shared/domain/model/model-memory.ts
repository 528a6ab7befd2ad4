/** The memory that a model is assumed to need until a worker has measured it. */

/** Weights, packed weights and activations, as a multiple of the model file. */
export const MODEL_FACTOR = 3;
