/** The interface of guessers. There is one for each task, which guesses a first config. */
import { ForebayError } from '../../../shared/errors.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import type { Hints } from '../hints.ts';

export interface ConfigGuess {
  /** The content of model.json, in an order for readers. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Certain values, from the graph or the user. */
  readonly facts: readonly string[];
  /** Guessed values. The user should check them against the model's source. */
  readonly guesses: readonly string[];
  /** What to write instead if the model refuses the config. */
  readonly otherwise?: Omit<ConfigGuess, 'otherwise'>;
}

export interface Guesser {
  /** The value of `task` in model.json. */
  readonly task: string;
  /** The graphs that fit, in words. */
  readonly takes: string;
  /** Whether the graph's inputs are those of such a model. */
  takesInputs(face: GraphFace): boolean;
  /** Whether the graph and the files beside it look like a model of this task. Call only if `takesInputs` is true. */
  fits(face: GraphFace, hints: Hints): boolean;
  /** Throws ForebayError `config_mismatch` if the graph cannot have this task, or if a flag must decide something. */
  guess(face: GraphFace, name: string, hints: Hints): ConfigGuess;
}

/** The end of each guessed config. */
export const BATCHING = { batch_size: 'auto', max_wait_ms: 50 } as const;

export function mismatch(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}
