/**
 * Model folders in the layout of other tools, which are served without a model.json. Each kind says what its own files
 * show of a config. What they do not show must be in model.json, which may then have only a few fields.
 */
import type { ForeignFiles } from './foreign-files.ts';
import type { Json } from './hugging-face/reading.ts';

/** What the files of a folder say. */
export interface ForeignConfig {
  readonly kind: 'Hugging Face' | 'Triton';
  /** Fields of a model.json. */
  readonly fields: Json;
  /** Fields that model.json must give, by JSON pointer, each with the reason. */
  readonly missing: ReadonlyMap<string, string>;
  /** Notes that apply only if model.json does not give a field, by the field's JSON pointer. */
  readonly unlessGiven?: ReadonlyMap<string, string>;
  /** What was not understood, or has a consequence that the user should know. One sentence each. */
  readonly notes: readonly string[];
}

export interface ForeignKind {
  /** The file that describes the model. */
  readonly configFile: string;
  /** Whether a folder with these names of files and folders may be of this kind. */
  mayBe(names: readonly string[]): boolean;
  /** Null if it is not of this kind after all. Throws an Error that names the file with a problem. */
  read(files: ForeignFiles): Promise<ForeignConfig | null>;
  /** The path of the graph below the folder. Throws an Error if there is none, or if a choice is needed. */
  findGraph(files: ForeignFiles): Promise<string>;
}
