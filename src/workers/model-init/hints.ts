/** What is known of a model besides its graph: the user's flags, and the files beside the graph. */
import type { Activation } from '../../shared/tasks/classes/activation.ts';
import type { SquarePreprocess } from '../../shared/tasks/image/preprocess.ts';

export interface Hints {
  readonly outputName: string | undefined;
  readonly activation: Activation | undefined;
  readonly crop: number | undefined;
  readonly labels: { readonly names: readonly string[]; readonly source: string } | null;
  readonly beside: { readonly preprocess: Partial<SquarePreprocess>; readonly activation: Activation | null };
}
