/** The messages from `forebay tune` to the measuring process, and back. Each report of that process is one message. */
import type { Config } from '../config/config.ts';
import type { DatasetSpec } from '../domain/dataset-spec.ts';
import type { RowLimits } from '../files/row-limits.ts';
import type { LaneSettings, Measurement, Profile } from './profile.ts';

/** Fields that are null or absent are chosen to suit the machine. */
export interface TuneRequest {
  /** Absolute. */
  readonly modelDir: string;
  readonly dataset: DatasetSpec;
  readonly cacheDir: string;
  readonly sampleRows: number;
  /** How long one configuration is measured. */
  readonly secondsPerConfig: number;
  /** Null: 64, or 256 on a GPU. */
  readonly maxBatch: number | null;
  /** FOREBAY_DECODE_IN. */
  readonly decodeIn: Config['decodeIn'];
  /** FOREBAY_LOAD_TIMEOUT_S, in ms. */
  readonly loadTimeoutMs: number;
  /** Maximum resident memory of all lanes together. */
  readonly memoryLimitBytes: number | null;
  /** Values to try, instead of those that suit the machine. */
  readonly only: {
    readonly lanes?: readonly number[];
    readonly threads?: readonly number[];
    readonly batches?: readonly number[];
    readonly decodeThreads?: readonly number[];
  };
  /** Also measure the whole space, and report how far off the search was. */
  readonly exhaustive: boolean;
  /** The limits that a worker has. `maxHeldBytes` is for all lanes together. */
  readonly limits: RowLimits & { readonly maxFetchRatio: number };
  /** See shared/stores/stores.ts. */
  readonly fetchAllow: readonly string[];
  readonly s3: Config['s3'];
  readonly azure: Config['azure'];
  readonly fileCacheBytes: Config['fileCacheBytes'];
}

export interface Exhaustive {
  readonly best: LaneSettings;
  readonly configurations: number;
  readonly seconds: number;
  /** Rows/s of the search's choice and of the best in the space, measured alternately. */
  readonly chosenRowsPerS: number;
  readonly bestRowsPerS: number;
}

/** Where a search begins: the settings that workers use now. */
export interface TuneStart {
  readonly from: 'formula' | 'profile';
  readonly settings: LaneSettings;
}

export interface Tuned {
  readonly profile: Profile;
  /** Null if a stopped tuning wrote nothing, because nothing was faster than the start by more than the noise. */
  readonly path: string | null;
  /** Whether the user stopped it. */
  readonly stopped: boolean;
  /** `rowsPerS`: null if the start does not run. */
  readonly start: TuneStart & { readonly rowsPerS: number | null };
  /**
   * The lead of the best settings over the start, as a share, even if those settings are not used. Null if there was
   * nothing to compare.
   */
  readonly gain: { readonly gain: number; readonly noise: number } | null;
  /** Rates by settings key, as multiples of one configuration's rate. All were compared with it at the same time. */
  readonly scores: Readonly<Record<string, number>>;
  /** Wall time of the search, including its final comparison. */
  readonly searchSeconds: number;
  /** Number of configurations in the whole space, and of those that the search measured. */
  readonly space: number;
  readonly measured: number;
  readonly exhaustive: Exhaustive | null;
}

export type TuneEvent =
  | {
      readonly type: 'begun';
      readonly model: string;
      readonly cpus: number;
      readonly memoryLimitBytes: number;
      readonly space: number;
      readonly sample: { readonly rows: number; readonly bytes: number; readonly unreadable: number };
      readonly start: TuneStart;
      readonly notes: readonly string[];
    }
  | {
      readonly type: 'measuring';
      readonly settings: LaneSettings;
      readonly phase: Measurement['phase'];
      readonly highestRowsPerS: number | null;
    }
  | { readonly type: 'measured'; readonly measurement: Measurement }
  | { readonly type: 'done'; readonly tuned: Tuned }
  /** Stopped before anything was measured. */
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** Messages of the command to the measuring process. */
export interface TuneStop {
  readonly type: 'stop';
}
