/** What a model is assumed to need in memory until a worker has measured it. */

/** Weights, packed weights and activations, as a multiple of the model file. */
export const MODEL_FACTOR = 3;
