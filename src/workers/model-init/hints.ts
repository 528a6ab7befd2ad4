/** What is known of a model besides its graph: the user's flags, and the files beside the graph. */
import type { Activation, Preprocess } from '../../shared/domain/model/model-config.ts';

export interface Hints {
  readonly outputName: string | undefined;
  readonly activation: Activation | undefined;
  readonly crop: number | undefined;
  readonly labels: { readonly names: readonly string[]; readonly source: string } | null;
  readonly beside: { readonly preprocess: Partial<Preprocess>; readonly activation: Activation | null };
}
