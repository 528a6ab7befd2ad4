/** How to choose the value of an input for which the graph has one already, for messages. */
export const CHOOSE_VALUE = 'to choose it, export the model without that value (without its initializer)';
