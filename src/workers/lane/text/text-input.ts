/**
 * The input that all text tasks share: checks that a graph takes tokens, and turns rows into its input tensors.
 * Truncation and padding happen here, whatever the tokenizer's file says about them.
 */
import type { RowError } from '../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { TOKENS_PER_CALL, type TextConfig } from '../../../shared/tasks/text/text-config.ts';
import type { LaneServices, ModelFiles, TaskInput } from '../tasks/task.ts';
import type { Feeds } from '../tasks/tensors.ts';
import { callsByLength } from './batch/calls.ts';
import { createFeeder } from './batch/feeder.ts';
import { bindTokenizer } from './bind-tokenizer.ts';
import { fitTextInputs } from './fit-text-inputs.ts';
import { NO_TOKENS, notEncoded } from './not-encoded.ts';
import { PROBE_TEXTS } from './probe-texts.ts';
import { textOfFile, textOfRecord, type RowText, type RowTextReading } from './row-text.ts';
import type { TextOffsets } from './row-encoder.ts';
import { createTokenRowsPool } from './batch/token-rows.ts';

export interface TextInput {
  readonly inputs: readonly GraphTensor[];
  readonly fixedBatch: number | null;
  probeRows(): { readonly rows: readonly TaskInput[]; readonly what: string };
  /** `prompt`: goes before each text. */
  open(rows: number, prompt: string): TextRows;
}

/** The texts of one batch. See TaskBatch. */
export interface TextRows {
  prepare(at: number, row: TaskInput): RowError | null | Promise<RowError | null>;
  calls(rows: readonly number[]): readonly (readonly number[])[];
  feeds(rows: readonly number[]): Feeds;
  /** Number of tokens in the row, including special tokens. */
  length(at: number): number;
  /** Null unless offsets were asked for. */
  offsets(at: number): TextOffsets | null;
  release(): void;
}

export interface TextInputParts {
  readonly config: TextConfig;
  readonly inputs: readonly GraphTensor[];
  readonly files: ModelFiles;
  readonly services: LaneServices;
  /** Whether a row may have two texts. */
  readonly pairs: boolean;
  /** Whether the offsets of tokens in the text are needed. */
  readonly offsets: boolean;
}

/** Throws ForebayError `config_mismatch`, and `model_load_failed` if the tokenizer cannot be used. */
export function bindTextInput(parts: TextInputParts): TextInput {
  const { config, services, pairs } = parts;
  const fit = fitTextInputs(parts.inputs, config);
  const tokenizer = bindTokenizer({
    bytes: parts.files.read('tokenizer'),
    config,
    offsets: parts.offsets,
    terms: TERMS,
  });
  const { pad } = tokenizer;
  const encoder = tokenizer.encoder(config.max_length, pairs);
  const feeder = createFeeder(fit, pad);
  const pool = createTokenRowsPool();
  const rules = {
    tokensPerCall: config.tokens_per_call ?? TOKENS_PER_CALL,
    mixed: fit.hasMask || fit.fixedLength !== null,
    fixedBatch: fit.fixedBatch,
  };

  function open(rows: number, prompt: string): TextRows {
    const tokens = pool.take(rows);
    const offsets: TextOffsets[] = [];
    const lengthOf = (at: number) => tokens.length(at);

    function add(at: number, { text, pair }: RowText): RowError | null | Promise<RowError | null> {
      const added = encoder.encode(tokens, at, { text: prompt + text, pair });
      return added instanceof Promise
        ? added.then((found) => finish(at, found), notEncoded)
        : finish(at, added);
    }

    function finish(at: number, found: TextOffsets | null): RowError | null {
      if (found !== null) offsets[at] = found;
      return tokens.length(at) === 0 ? NO_TOKENS : null;
    }

    function addRead(at: number, reading: RowTextReading) {
      return reading.ok ? add(at, reading.row) : reading.error;
    }

    async function addMadeUp(at: number, text: string): Promise<RowError | null> {
      const error = await add(at, { text, pair: null });
      if (error !== NO_TOKENS) return error;
      // The vocabulary has no letter of the text, so a padding token stands for it.
      tokens.begin(at);
      tokens.push(pad, 0);
      tokens.end();
      return null;
    }

    return {
      prepare(at, row) {
        try {
          if ('json' in row) return addRead(at, textOfRecord(row.json, pairs));
          if ('madeUp' in row) return addMadeUp(at, String(row.madeUp));
          const done = services.rowBytes.use(row, (bytes) => addRead(at, textOfFile(bytes)));
          return done instanceof Promise ? done.catch(notEncoded) : done;
        } catch (error) {
          return notEncoded(error);
        }
      },
      calls: (rows) => callsByLength(rows, lengthOf, rules),
      feeds: (rows) => feeder.feed(tokens, rows),
      length: lengthOf,
      offsets: (at) => offsets[at] ?? null,
      release: () => pool.giveBack(tokens),
    };
  }

  return {
    inputs: fit.inputs,
    fixedBatch: fit.fixedBatch,
    probeRows: () => ({
      rows: PROBE_TEXTS.map((madeUp) => ({ madeUp })),
      what: `the text "${PROBE_TEXTS.at(-1)}"`,
    }),
    open,
  };
}

/** The fields of model.json. */
const TERMS = {
  maxLength: 'max_length',
  padToken: 'pad_token',
  addPadToken: 'name it in model.json, such as "pad_token": "<|endoftext|>"',
};
