/** What is known of a model besides its graph: the user's flags, and the files beside the graph. */
import type { Activation } from '../../shared/tasks/classes/activation.ts';
import type { Preprocess } from '../../shared/tasks/image/preprocess.ts';

export interface Hints {
  /** The outputs that hold the answer. Empty: not said. */
  readonly outputNames: readonly string[];
  /** The columns of a tabular model, in the order of its features. */
  readonly columns: readonly string[] | undefined;
  /** By the names of inputs: the value that all rows share. `row`: each row gives its own. */
  readonly values: ReadonlyMap<string, { readonly value: unknown } | 'row'>;
  /** By the names of inputs: the shape of one row's value. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly activation: Activation | undefined;
  readonly crop: number | undefined;
  /** How images get the input's size: stretched, padded, or by their shorter side. */
  readonly resize: 'squash' | 'letterbox' | number | undefined;
  readonly labels: { readonly names: readonly string[]; readonly source: string } | null;
  readonly beside: { readonly preprocess: Partial<Preprocess>; readonly activation: Activation | null };
}
