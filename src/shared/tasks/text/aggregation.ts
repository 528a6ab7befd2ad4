/** How the labels of tokens become entities. */

/**
 * `none`: each token is an entity. `simple`: neighbouring tokens of one label become one entity. `first` and `max`:
 * neighbouring words of one label become one entity. A word has the label of its first token, or of its token with the
 * highest score.
 */
export const AGGREGATIONS = ['none', 'simple', 'first', 'max'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];
