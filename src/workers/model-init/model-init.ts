/**
 * `forebay model init FILE.onnx`: creates a model folder from a bare graph or a Hugging Face folder. It writes a first
 * model.json, loads and probes the model in a real lane, and lists what it read, what it guessed and what to check.
 */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ACTIVATION, type Activation } from '../../shared/tasks/classes/activation.ts';
import { messageOf } from '../../shared/errors.ts';
import { CONFIG_FILE } from '../../shared/models/config-file.ts';
import { GRAPH_FILE } from '../../shared/models/read-folder-config.ts';
import { modelNameFrom } from '../../shared/models/model-name.ts';
import { taskNamed } from '../../shared/tasks/task-descriptions.ts';
import { shellWord } from '../../shared/text/shell-line.ts';
import { visibleText } from '../../shared/text/visible-text.ts';
import { findGraph, type GraphSource } from './find-graph.ts';
import { makeModelFolder, tryLoad, type MadeModel, type InitRequest, type StartLane } from './make-folder.ts';
import { makePredictor, toRowKind } from './predictor/make-predictor.ts';

const USAGE = `usage: forebay model init FILE.onnx | FOLDER [options]
       forebay model init --predictor NAME [--input KIND] [--out DIR]

Makes a model folder (${GRAPH_FILE} beside ${CONFIG_FILE}) from an ONNX file, and loads it as a worker does.
Given a folder, it uses the graph that ${CONFIG_FILE} names, or ${GRAPH_FILE} or onnx/${GRAPH_FILE}. It also uses
the values in config.json, preprocessor_config.json and the files of the tokenizer. Text models need tokenizer.json
beside the graph. A file called ${GRAPH_FILE} gets its ${CONFIG_FILE} beside it. For any other file, the folder NAME is
made beside it. Files are linked if possible, external data included.

With --predictor, it makes a folder for code of your own: predictor.mjs, a test and ${CONFIG_FILE}.

  --out DIR             the folder to make
  --name NAME           the model's name (default: from --out, or from the file)
  --task TASK           the task, such as object-detection or tensors (default: guessed from the graph and its files)
  --activation HOW      what the output's numbers are: softmax (logits), sigmoid (independent logits)
                        or none (scores already)
  --output-name OUTPUT  which output of the graph is the answer; tabular and tensors take several
  --head HEAD           what a detector's graph returns: yolox, yolov5, yolov8, detr, nms or map
  --pooling HOW         how several vectors of a row become one, such as mean or cls
  --max-length TOKENS   most tokens of a text
  --sample-rate HZ      of the waveforms that a sound model takes
  --crop PIXELS         side of the input, if the graph takes images of any size
  --resize HOW          how images get the input's size: squash, letterbox, or PIXELS of the shorter side
  --columns A,B,C       names of a table's columns, in the order of training
  --value INPUT=JSON    a tensor that all rows share; INPUT=row if each row gives its own
  --shape INPUT=SIZES   shape of one row's tensor where the graph leaves it open, such as audio=16000,1
  --batch-axis NAME=AXIS
                        axis of the rows in an input or an output of named tensors; NAME=null if it has none
  --predictor           make a model of your own code
  --input KIND          what its rows are: image, text, features, tensors or audio (default: features)
  --timeout SECONDS     give up if a step of loading takes longer (default: 300)
  --force               overwrite an existing ${CONFIG_FILE}

Examples:
  forebay model init resnet50.onnx --out models/resnet50
  forebay model init vit-base --out models/vit --activation softmax
  forebay model init forest.onnx --columns age,income,city
  forebay model init yolo11n.onnx --out models/yolo
  forebay model init all-MiniLM-L6-v2 --out models/minilm --pooling mean
  forebay model init vad.onnx --task tensors --value sr=16000 --shape input=576
  forebay model init --predictor words --input text --out models/words`;

/** Example input for the last hint, by what the task takes: in words, and as on the command line. */
const ROWS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['image', ['images', 'IMAGES']],
  ['audio', ['sounds', 'SOUNDS']],
]);

/** Where the text goes, and how a lane starts. */
export interface InitSurroundings {
  /** How the user called the program, such as `npx forebay`. */
  readonly program: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly startLane: StartLane;
}

/** Returns the exit code: 0 only if the model loads. Never throws. */
export async function runModelInit(
  args: readonly string[],
  { program, out, err, startLane }: InitSurroundings,
): Promise<number> {
  const say: Say = (text) => out(`${visibleText(text)}\n`);
  try {
    const flags = readFlags(args);
    if (flags === null) {
      say(USAGE);
      return 0;
    }
    if (flags.predictor) {
      say(await initPredictor(flags, startLane, program));
      return 0;
    }
    if (flags.input !== undefined) throw new Error('--input needs --predictor');
    const source = await findGraph(flags.given);
    const request = toRequest(flags, source);
    report(request, await makeModelFolder(request, startLane), program, say);
    return 0;
  } catch (error) {
    err(`forebay model init: ${visibleText(messageOf(error))}\n`);
    return 2;
  }
}

type Say = (text: string) => void;

type Flags = NonNullable<ReturnType<typeof readFlags>>;

/** Null if help was asked for. */
function readFlags(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      out: { type: 'string' },
      activation: { type: 'string' },
      'batch-axis': { type: 'string', multiple: true, default: [] },
      'output-name': { type: 'string', multiple: true, default: [] },
      crop: { type: 'string' },
      task: { type: 'string' },
      columns: { type: 'string' },
      resize: { type: 'string' },
      head: { type: 'string' },
      pooling: { type: 'string' },
      'max-length': { type: 'string' },
      'sample-rate': { type: 'string' },
      value: { type: 'string', multiple: true, default: [] },
      shape: { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string' },
      predictor: { type: 'boolean', default: false },
      input: { type: 'string' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [given] = positionals;
  if (given === undefined || positionals.length !== 1)
    throw new Error(`${values.predictor ? 'one NAME' : 'one file or folder'} is needed\n\n${USAGE}`);
  return { ...values, given };
}

/** Returns what to print. */
async function initPredictor(
  { given, name, out, input }: Flags,
  startLane: StartLane,
  program: string,
): Promise<string> {
  const dir = resolve(out ?? given);
  const request = { name: name ?? modelNameFrom(basename(dir)), dir, input: toRowKind(input) };
  const { files, loadMs } = await makePredictor(request, async (made) => tryLoad(made, startLane));
  const [, rows] = rowsOf(request.input);
  return [
    `wrote ${files.map((file) => show(join(dir, file))).join(', ')}`,
    `Loaded in ${loadMs.toFixed(0)} ms. Next, edit them, then test and run the model:`,
    `  ${program} model test ${shellWord(show(dir))}`,
    runLine(program, dir, rows),
  ].join('\n');
}

/** The command with which a user tries the new model. */
function runLine(program: string, dir: string, rows: string): string {
  return `  ${program} run --model ${shellWord(show(dir))} --input ${rows} --output OUT --limit 20`;
}

function rowsOf(input: string): readonly [string, string] {
  return ROWS.get(input) ?? ['records', 'RECORDS.jsonl'];
}

function toActivation(given: string | undefined): Activation | undefined {
  const parsed = ACTIVATION.optional().safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(`--activation is one of ${ACTIVATION.options.join(', ')}, not "${given}"`);
}

function toCount(flag: string, what: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const count = Number(given);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`${flag} is a number of ${what}, not "${given}"`);
}

function toResize(given: string | undefined): 'squash' | 'letterbox' | number | undefined {
  return given === 'squash' || given === 'letterbox' ? given : toCount('--resize', 'pixels', given);
}

function toColumns(given: string | undefined): readonly string[] | undefined {
  const names = given?.split(',').map((name) => name.trim());
  if (names?.includes('')) throw new Error('--columns is a list of names, such as age,income,city');
  return names;
}

function toValue(given: string): [string, { readonly value: unknown } | 'row'] {
  const at = given.indexOf('=');
  const text = given.slice(at + 1);
  if (at < 1) throw new Error(`--value is INPUT=JSON, such as sr=16000, not "${given}"`);
  const name = given.slice(0, at);
  if (text === 'row') return [name, 'row'];
  try {
    return [name, { value: JSON.parse(text) as unknown }];
  } catch (cause) {
    throw new Error(`--value ${name}: ${text} is not JSON: ${messageOf(cause)}`, { cause });
  }
}

function toAxis(given: string): [string, number | null] {
  const at = given.lastIndexOf('=');
  const [name, axis] = [given.slice(0, at), given.slice(at + 1)];
  if (at >= 1 && /^(null|\d{1,2})$/.test(axis)) return [name, axis === 'null' ? null : Number(axis)];
  throw new Error(`--batch-axis is NAME=AXIS, such as state=1 or total=null, not "${given}"`);
}

function toShape(given: string): [string, readonly number[]] {
  const [name = '', sizes = ''] = given.split('=');
  const shape = sizes.split(',').map(Number);
  const isShape = shape.every((size) => Number.isInteger(size) && size >= 1);
  if (name !== '' && isShape) return [name, shape];
  throw new Error(`--shape is INPUT=SIZES, such as audio=16000,1, not "${given}"`);
}

function toRequest(flags: Flags, source: GraphSource): InitRequest {
  const { out, force, task } = flags;
  const name = flags.name ?? modelNameFrom(out === undefined ? source.stem : basename(resolve(out)));
  const folder = dirname(source.file);
  const beside = basename(source.file) === GRAPH_FILE ? folder : join(folder, name);
  const dir = out === undefined ? beside : resolve(out);
  const seconds = toCount('--timeout', 'seconds', flags.timeout);
  return {
    source,
    name,
    dir,
    task,
    hints: {
      activation: toActivation(flags.activation),
      outputNames: flags['output-name'],
      crop: toCount('--crop', 'pixels', flags.crop),
      resize: toResize(flags.resize),
      head: flags.head,
      pooling: flags.pooling,
      maxLength: toCount('--max-length', 'tokens', flags['max-length']),
      sampleRate: toCount('--sample-rate', 'Hz', flags['sample-rate']),
      columns: toColumns(flags.columns),
      values: new Map(flags.value.map(toValue)),
      shapes: new Map(flags.shape.map(toShape)),
      batchAxes: new Map(flags['batch-axis'].map(toAxis)),
    },
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
    force,
  };
}

function report({ dir, source }: InitRequest, made: MadeModel, program: string, say: Say): void {
  const list = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) say(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
  };
  const config = show(join(dir, CONFIG_FILE));
  say(`wrote ${config}`);
  for (const { name, how } of made.placed)
    say(`${how} ${name} ${how === 'linked' ? '(no extra space)' : ''}`.trim());
  if (source.others.length > 0) {
    say(`used ${show(source.file)}; the folder also has ${source.others.join(', ')}`);
  }
  list('Read from the graph:', made.facts);
  list("Taken from the model's own configs:", made.taken);
  list('Not understood or not supported. Check how this affects the answers:', made.open);
  list('Guessed, because nothing shows it. Check it against the source of the model:', made.guesses);
  list('Measured on this machine:', made.measured);
  const rows = rowsOf(taskNamed(made.task)?.input ?? '');
  say(`\nLoaded and run once in ${made.loadMs.toFixed(0)} ms: graph and config fit.`);
  if (made.advice !== null) say(made.advice);
  say(
    `Next, edit ${config}, then try a few ${rows[0]} whose answers you know:\n${runLine(program, dir, rows[1])}`,
  );
}

function show(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
