/**
 * What API, workers and command line must know of a task, without a graph or a tensor. Everything else about a task is in
 * workers/lane/tasks.
 */
import type { z } from 'zod';
import type { OptionValue } from '../domain/job/job-option-schemas.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import type { GraphTensor } from '../models/graph-tensor.ts';
import type { RowFields } from './row-fields.ts';
import type { TaskOptionName } from './task-options.ts';

/**
 * What a row must provide. A record gives an image or a waveform by its path or URL, in the field of that name. All other
 * fields go to the task as they are.
 */
export const ROW_KINDS = ['image', 'text', 'features', 'tensors', 'audio'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** A file beside model.json that a task's config names. */
export interface NamedFile {
  /** The field of model.json. */
  readonly field: string;
  /** A name, not a path. */
  readonly name: string;
  readonly maxBytes: number;
  /** `why`: a sentence about the file, if its content cannot be used. */
  parse(bytes: Buffer): { readonly ok: true } | { readonly ok: false; readonly why: string };
}

/** What happens to a row between reading and writing, for a plan. */
export interface TaskSteps {
  readonly prepare: readonly { readonly operator: string; readonly does: string }[];
  /** How outputs become the answer. */
  readonly answer: string;
}

/** Values of a task's options, by their names. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** `Config`: the type of a whole model.json of this task. */
export interface TaskDescription<Config extends ModelConfig = ModelConfig> {
  /** The value of `task` in model.json. */
  readonly id: string;
  readonly input: RowKind;
  /** What a row of this config must provide, if configs differ. */
  inputOf?(config: Config): RowKind;
  /** The task's fields of model.json. They are added to the fields that every model has. */
  readonly config: z.ZodRawShape;
  /** The options of task-options.ts that the task takes. */
  readonly options: readonly TaskOptionName[];
  /** Fields of a result row. */
  readonly result: z.ZodRawShape;
  /**
   * The result fields of a model with this config, if they are more specific than `result`. CSV and Parquet columns are
   * derived from them. Null if they are not.
   */
  resultOf?(config: Config): z.ZodRawShape | null;
  /** The result fields as a JSON Schema of an object, if only the config describes them. Null if it does not. */
  resultSchemaOf?(config: Config): Readonly<Record<string, unknown>> | null;
  /** Contradictions between fields of a model.json as it was written. */
  contradictions?(raw: Readonly<Record<string, unknown>>): Issue[];
  /** Issues for option values of a request that this model does not have, such as an unknown prompt. */
  whyNot?(config: Config, asked: OptionValues): Issue[];
  files(config: Config): readonly NamedFile[];
  /** `inputs`: those of the graph. Null: no worker has loaded it. */
  fields(config: Config, inputs: readonly GraphTensor[] | null): RowFields;
  /** The model's own values of options. `null`: nobody knows the config. */
  defaults(config: Config | null): OptionValues;
  /** Bytes of one row's input tensors, as float32. Block sizes and memory estimates follow from it. */
  inputBytes(config: Config): number;
  /** Those of one model call, if a row takes part in several. Batch sizes follow from it. */
  callBytes?(config: Config): number;
  /** The largest automatic batch, for rows that take longer than their size suggests. Their blocks are small too. */
  readonly mostAutoRows?: number;
  steps(config: Config | null, options: OptionValues): TaskSteps;
}
