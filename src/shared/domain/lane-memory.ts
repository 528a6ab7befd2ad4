/** How much memory lanes may use, and what a model is assumed to need until it is measured. */

/** The share of a worker's memory that its lanes may use. The rest holds rows in flight, parts, Redis and HTTP. */
export const MEMORY_SHARE = 0.7;

/** Weights, packed weights and activations, as a multiple of the model file. */
export const MODEL_FACTOR = 3;
