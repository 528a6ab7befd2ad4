/** What messages say about an input for which the graph has a value. */
export const KEEPS_VALUE = 'the graph has a value for it, which onnxruntime-node cannot replace';
/** How to choose the value all the same. */
export const CHOOSE_VALUE = 'to choose it, export the model without that value (without its initializer)';
