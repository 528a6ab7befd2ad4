/** How the labels of tokens become entities. */

/**
 * `none`: each token is an entity. `simple`: neighbours of one label become one entity. `first` and `max`: so do neighbouring
 * words, and a word has the label of its first token, or of the token with the highest score.
 */
export const AGGREGATIONS = ['none', 'simple', 'first', 'max'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];
