/** What is known of a model besides its graph: the user's flags, and the files beside the graph. */
import type { Described } from '../../shared/models/hugging-face/described.ts';
import type { FeatureExtractor } from '../../shared/models/hugging-face/feature-extractor.ts';
import type { Activation } from '../../shared/tasks/classes/activation.ts';
import type { Preprocess } from '../../shared/tasks/image/preprocess.ts';

/** What the files beside a graph say. */
export interface Beside {
  readonly preprocess: Partial<Preprocess>;
  readonly activation: Activation | null;
  /** The model class that config.json names. */
  readonly architecture: string | null;
  /** Whether there is a preprocessor_config.json. */
  readonly hasProcessor: boolean;
  /** Null if there is no tokenizer.json. */
  readonly text: (Described & { readonly file: string }) | null;
  /** What a feature extractor for sounds says. */
  readonly sound: Pick<FeatureExtractor, 'sampleRate' | 'normalize'> | null;
}

export interface Hints {
  /** The outputs that hold the answer. Empty: not given. */
  readonly outputNames: readonly string[];
  /** The columns of a tabular model, in the order of its features. */
  readonly columns: readonly string[] | undefined;
  /** By the names of inputs: the value that all rows share. `row`: each row gives its own. */
  readonly values: ReadonlyMap<string, { readonly value: unknown } | 'row'>;
  /** By the names of inputs: the shape of one row's value. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** By the names of inputs and outputs: the axis of the rows. Null: there is none. */
  readonly batchAxes: ReadonlyMap<string, number | null>;
  readonly activation: Activation | undefined;
  readonly crop: number | undefined;
  /** How images get the input's size: stretched, padded, or by their shorter side. */
  readonly resize: 'squash' | 'letterbox' | number | undefined;
  /** How several vectors of a row become one. */
  readonly pooling: string | undefined;
  /** Most tokens of a text. */
  readonly maxLength: number | undefined;
  /** What a detector's graph returns. */
  readonly head: string | undefined;
  /** Sample rate of waveforms, in Hz. */
  readonly sampleRate: number | undefined;
  readonly labels: { readonly names: readonly string[]; readonly source: string } | null;
  readonly beside: Beside;
}
