/**
 * A job's output, wherever it is: a folder (folder/), or a prefix on S3 or Azure (objects/). It fences writers (ADR 8,
 * ADR 24, ADR 35): what an owner has staged cannot be published any more once the next owner has discarded it.
 */
import type { ByteFile } from '../datasets/bytes/byte-file.ts';
import type { PartFormat } from '../domain/job/part-format.ts';

/** Why a part counts for this job. */
export type PartProof =
  /** Its hash is one that runs of the job announced. */
  | { readonly hashes: readonly string[] }
  /**
   * The job owns the output. Any earlier owner was its predecessor, whose parts a resuming job adopts. Also used for
   * jobs of version 1, whose runs announced nothing.
   */
  | 'owned';

/** The encoded rows of a block. */
export interface PartToPublish {
  readonly job: string;
  /** The number of the part. */
  readonly part: number;
  readonly format: PartFormat;
  /** The token of the run. */
  readonly token: string;
  readonly results: Uint8Array;
  /** SHA-256 of the results. */
  readonly hash: string;
  /** JSON lines. Empty if no row failed. */
  readonly errors: string;
  /** See row-record.ts. Null: the versions of the rows are not known. */
  readonly record: string | null;
}

/** A file of any size that a task makes from parts. The same path always gets the same bytes. */
export interface FileToPublish {
  readonly job: string;
  /** Its name, perhaps in a folder of the output. See file-names.ts. */
  readonly path: string;
  /** The token of the run. */
  readonly token: string;
  /** Called once. Bytes that were added must not change afterwards. */
  readonly write: (add: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
}

/** `refused`: the run may not publish. */
export type FileOutcome = Published['outcome'] | 'refused';

/** `exists`: the part was published before. `gone`: the staged part was discarded by a new owner. */
export interface Published {
  readonly outcome: 'stored' | 'exists' | 'gone';
  readonly proof: PartProof;
}

/** A feeder, which changes the output while it holds the lease of the job. */
export interface OutputOwner {
  readonly job: string;
  readonly lease: string;
  readonly holdsLease: () => Promise<boolean>;
}

/** Files that a feeder changes. All methods reject with LeaseLost if the next feeder has fenced this one. */
export interface OwnedFiles {
  /** Removes files in this order. Ignores those that do not exist. */
  remove(names: readonly string[]): Promise<void>;
  /** Replaces a file in one step, once `write` has settled. It then survives a crash of the machine. */
  replace<T>(name: string, write: (add: (text: string) => Promise<void>) => Promise<T>): Promise<T>;
}

export interface ListedFile {
  readonly name: string;
  readonly bytes: number;
}

export interface SweptOutput {
  readonly removed: number;
  /** Nothing is left to remove, now or later. */
  readonly finished: boolean;
}

/**
 * Rejects with the errors of node:fs, or with ForebayError `storage_unavailable` for S3 and Azure. Files that Forebay
 * did not write reject with `output_changed`.
 */
export interface Output {
  /** The absolute folder, or a URL such as `s3://bucket/prefix/`. */
  readonly place: string;
  /**
   * How long (ms) after a feeder has taken over the lease, removals by the earlier feeder may still take effect. 0 if
   * staging fences removals as well, so nobody has to wait.
   */
  readonly fenceMs: number;
  /** The path or URL of a file. */
  pathOf(name: string): string;
  /**
   * Creates the output unless it exists, and checks that it is writable. Returns a function that removes what was
   * created. Rejects with ForebayError `invalid_request`, `storage_unavailable`.
   */
  prepare(): Promise<() => Promise<void>>;
  /** All names directly in it, except a staging area of Forebay. Empty if it does not exist. */
  names(): Promise<string[]>;
  /** The files whose names begin with `prefix`, in the order of their names. Links and folders are left out. */
  list(prefix: string): AsyncIterable<ListedFile>;
  /** A whole file. Null if it does not exist. Rejects with `output_changed` if it has more than `most` bytes. */
  read(name: string, most?: number): Promise<Buffer | null>;
  /** For files of any size. Null if there is no such file. */
  open(name: string): Promise<ByteFile | null>;
  /**
   * Stages the part and its errors, asks for permission, and publishes the part without replacing another. Its row
   * record gets its final name before that, and its errors after it. Null if the run may not publish.
   */
  publish(part: PartToPublish, permit: () => Promise<PartProof | null>): Promise<Published | null>;
  /**
   * Writes a file that is true no matter who owns the output, so it needs no fence. Readers ignore it if the job's
   * parts are gone. Does nothing if a new owner has just discarded what the job has staged.
   */
  putRecord(job: string, name: string, text: string): Promise<void>;
  /**
   * Stages a file in constant memory, asks for permission, and publishes it without replacing another. Nothing stays
   * staged.
   */
  publishFile(file: FileToPublish, permit: () => Promise<boolean>): Promise<FileOutcome>;
  /**
   * Makes the names of published files survive a crash of the machine. Call it before you remove what the files
   * replace. `folders`: the folders of the output that hold the files. Null: the output itself.
   */
  syncNames(folders: ReadonlySet<string | null>): Promise<void>;
  /** The paths of all compacted files and of what describes them, also in folders of the output. */
  filePaths(): Promise<string[]>;
  /** Removes what a late run has left: the staged errors of a part with this hash, if `hash` is given. */
  dropStaged(job: string, part: number, hash: string | null): Promise<void>;
  /**
   * Gives the staged errors of a part their final name. Any process that finds the part may do so. False if there are
   * no staged errors.
   */
  placeErrors(job: string, part: number, partHash: string): Promise<boolean>;
  /**
   * Discards what other jobs and earlier feeders have staged, and then changes files as the owner. Rejects with
   * LeaseLost.
   */
  asOwner<T>(owner: OutputOwner, act: (files: OwnedFiles) => Promise<T>): Promise<T>;
  /** Discards the staged parts of a job, so that late runs cannot publish them. Errors stay. */
  discardStagedParts(job: string): Promise<void>;
  /** Removes everything that a job has staged. */
  removeStaging(job: string): Promise<void>;
  /**
   * Removes what the job has staged, and staged files that name no job, if they were last written before `before`
   * (epoch ms). Never touches published files or files of the user.
   */
  sweep(job: string, before: number): Promise<SweptOutput>;
}

/** The output of a job. */
export interface Outputs {
  of(place: string): Output;
}
