/** The steps of `model init`: read, guess, write, load as a worker does. If one fails, nothing is left behind. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { batchAdvice } from '../../shared/domain/model/batch-invariance.ts';
import { ForebayError, messageOf, type Issue } from '../../shared/errors.ts';
import { createContentMemo, stampFile } from '../../shared/models/content-memo.ts';
import { readModelConfig } from '../../shared/models/read-model-config.ts';
import { readExternalFiles, type ExternalFile } from '../../shared/models/graph-files.ts';
import { loadModelFolder } from '../../shared/models/model-folder.ts';
import { CONFIG_FILE } from '../../shared/models/config-file.ts';
import { GRAPH_FILE } from '../../shared/models/read-folder-config.ts';
import { readGraphFace, type GraphFace } from '../../shared/models/onnx-graph.ts';
import type { ModelInfo } from '../lane/messages.ts';
import { defaultFacts } from './default-facts.ts';
import type { ChildLaneOptions } from '../lane-pool/child-lane.ts';
import type { Lane } from '../lane-pool/lane-handle.ts';
import { toModelLoad } from '../lane-pool/model-load.ts';
import { DEFAULT_LOAD_TIMEOUT_MS } from '../lane-pool/load-timeout.ts';
import { NO_ROWS } from '../lane-pool/no-rows.ts';
import type { GraphSource } from './find-graph.ts';
import { withGraphFacts } from './graph-facts.ts';
import { chooseGuesser } from './guess/choose-guesser.ts';
import { takenFor } from './guess/text/text-model.ts';
import { fasterBatch, fasterBatchText, isSizedByBytes } from './faster-batch.ts';
import { BATCHING, type ConfigGuess, type Guesser } from './guess/guesser.ts';
import type { Hints } from './hints.ts';
import { createFilePlacer, type FilePlacer } from './place-files.ts';
import { watchFlags } from './unused-flags.ts';
import { LABELS_FILE, readSurroundings, TOKENIZER_FILE, type Labels } from './surroundings.ts';

export interface InitRequest {
  readonly source: GraphSource;
  readonly name: string;
  /** The model folder to create. */
  readonly dir: string;
  /** The task that the user chose. */
  readonly task: string | undefined;
  readonly hints: Omit<Hints, 'labels' | 'beside'>;
  /** Timeout of each step of loading, in ms. */
  readonly timeoutMs: number | undefined;
  readonly force: boolean;
}

export interface MadeModel {
  readonly task: string;
  readonly facts: readonly string[];
  readonly guesses: readonly string[];
  readonly taken: readonly string[];
  readonly open: readonly string[];
  /** Values that follow from running the model. */
  readonly measured: readonly string[];
  readonly placed: readonly { readonly name: string; readonly how: 'linked' | 'copied' }[];
  readonly loadMs: number;
  /** Advice about batches. Null if there is none. */
  readonly advice: string | null;
}

/** Starts the lane that tries the model. */
export type StartLane = (options: ChildLaneOptions) => Pick<Lane, 'load' | 'close'>;

/** Throws an Error or ForebayError, and then leaves nothing behind. */
export async function makeModelFolder(request: InitRequest, startLane: StartLane): Promise<MadeModel> {
  const { source, dir } = request;
  const target = join(dir, CONFIG_FILE);
  if (!request.force && (await stat(target).catch(() => null)) !== null) {
    throw new Error(`${target} exists and was not changed (--force overwrites it)`);
  }
  const external = await readGraphFiles(source.file, dir);
  const face = readGraphFace(await readFile(source.file));
  const surroundings = await readSurroundings([...new Set([dir, ...source.folders])]);
  const beside = withGraphFacts(surroundings, face);
  const { labels } = beside;
  const hints = { ...request.hints, labels, beside };
  const chosen = chooseGuesser(face, request.task, hints);
  const watched = watchFlags(hints);
  const guess = guessConfig(chosen.guesser, face, request, watched.hints);
  const unused = watched
    .unused()
    .map((flag) => `${flag} has no use for this model of the task "${chosen.guesser.task}"`);
  const { config } = guess;
  const reading = readModelConfig(config);
  if (!reading.ok) throw new Error(reading.issues.map((i) => `${i.path.slice(1)}: ${i.message}`).join('; '));
  const placer = createFilePlacer();
  try {
    const placed = await placeFiles(placer, request, external, {
      labels: config['labels'] === undefined ? null : labels,
      tokenizer: config['tokenizer'] === undefined ? null : beside.text!.file,
    });
    const { info, written } = await loadFirst(guess, async (candidate) => {
      await placer.write(target, toText(candidate));
      return tryLoad(dir, startLane, request.timeoutMs);
    });
    const faster = fasterBatch(info.callTimes ?? []);
    if (faster !== null) await placer.write(target, toText(withBatchSize(written.config, faster.rows)));
    const { batchInvariance } = info;
    return {
      task: chosen.guesser.task,
      facts: [...chosen.facts, ...written.facts, ...defaultFacts(face)],
      guesses: [...chosen.guesses, ...written.guesses],
      taken: [...beside.taken, ...(config['tokenizer'] === undefined ? [] : takenFor(hints, config))],
      open: [...beside.open, ...unused],
      measured: faster === null ? [] : [fasterBatchText(faster)],
      placed,
      loadMs: info.loadMs,
      advice: batchInvariance && batchAdvice(request.name, batchInvariance),
    };
  } catch (error) {
    await placer.undo();
    const crop = guess.guesses.some((line) => line.startsWith('preprocess.crop')) ? CROP_HINT : '';
    const flags = HINTS.find(([problem]) => problem.test(messageOf(error)))?.[1] ?? '';
    const which = request.task === undefined ? otherTask(chosen.guesser) : '';
    throw new Error(
      `the model does not load, so nothing is written: ${messageOf(error)}${crop}${flags}${which}`,
      {
        cause: error,
      },
    );
  }
}

/** Loads the model with the guessed config, or else with its alternative. Rejects as the first does. */
async function loadFirst(
  { otherwise, ...first }: ConfigGuess,
  load: (config: ConfigGuess['config']) => Promise<ModelInfo>,
): Promise<{ readonly info: ModelInfo; readonly written: ConfigGuess }> {
  try {
    return { info: await load(first.config), written: first };
  } catch (error) {
    if (otherwise === undefined) throw error;
    const info = await load(otherwise.config).catch(() => {
      throw error;
    });
    return { info, written: otherwise };
  }
}

/** The flags for problems that only a run shows. The messages name the fields of model.json, which is not written. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/\.batch_axis/, '. Here, pass --batch-axis NAME=AXIS, or NAME=null'],
  [/are not probabilities/, '. Here, pass --activation, or --output-name to get the numbers as they are'],
];

/** Throws ForebayError `config_mismatch`. If `--task` is absent, the message names the assumed task. */
function guessConfig(guesser: Guesser, face: GraphFace, request: InitRequest, hints: Hints): ConfigGuess {
  try {
    return guesser.guess(face, request.name, hints);
  } catch (cause) {
    if (request.task !== undefined) throw cause;
    throw new ForebayError('config_mismatch', `${messageOf(cause)}${otherTask(guesser)}`, { cause });
  }
}

function otherTask({ task }: Guesser): string {
  return `. The graph looks like the task ${task}; --task chooses another one`;
}

const CROP_HINT =
  '. The graph takes any size, and the tested size is a guess. --crop sets the size that it was trained with';

/** Throws an Error that describes the problem if the file cannot be read, is not a graph or lacks its external data. */
async function readGraphFiles(file: string, dir: string): Promise<ExternalFile[]> {
  const graph = await stampFile(file).catch((cause: unknown) => {
    throw new ForebayError('model_not_found', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  });
  const issues: Issue[] = [];
  const isInPlace = file === join(dir, GRAPH_FILE);
  const external = await readExternalFiles(
    graph,
    createContentMemo(),
    issues,
    isInPlace ? 'inside' : 'anywhere',
  );
  if (issues.length > 0) throw new Error(issues.map((issue) => issue.message).join('; '));
  return external;
}

async function placeFiles(
  placer: FilePlacer,
  { source, dir }: InitRequest,
  external: readonly ExternalFile[],
  { labels, tokenizer }: { readonly labels: Labels | null; readonly tokenizer: string | null },
): Promise<MadeModel['placed'][number][]> {
  const placed: MadeModel['placed'][number][] = [];
  const files = [
    { from: source.file, to: GRAPH_FILE },
    ...external.map(({ path, location }) => ({ from: path, to: location })),
    ...(tokenizer === null ? [] : [{ from: tokenizer, to: TOKENIZER_FILE }]),
  ];
  for (const { from, to } of files) {
    const how = await placer.place(from, join(dir, to));
    if (how !== 'there') placed.push({ name: to === GRAPH_FILE ? `${basename(from)} as ${to}` : to, how });
  }
  if (labels !== null && labels.file !== join(dir, LABELS_FILE)) {
    await placer.write(join(dir, LABELS_FILE), labels.content);
  }
  return placed;
}

/** Loads the model with the code that will serve it. */
export async function tryLoad(
  dir: string,
  startLane: StartLane,
  loadTimeoutMs = DEFAULT_LOAD_TIMEOUT_MS,
): Promise<ModelInfo> {
  const folder = await loadModelFolder(dir);
  const lane = startLane({ index: 0, uvThreads: 1, limits: NO_ROWS, loadTimeoutMs });
  try {
    const timing = isSizedByBytes(folder.config);
    const load = toModelLoad(folder, { threads: 1, probe: true, timing });
    return await lane.load({ model: folder.ref.name, ...load });
  } finally {
    await lane.close();
  }
}

function withBatchSize(config: ConfigGuess['config'], rows: number): ConfigGuess['config'] {
  return { ...config, batching: { ...BATCHING, batch_size: rows } };
}

/** Pretty JSON with short arrays on one line, as a person would write it. */
function toText(config: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(config, null, 2).replaceAll(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner: string) => `[${inner.replaceAll(/\s+/g, ' ')}]`)}\n`;
}
