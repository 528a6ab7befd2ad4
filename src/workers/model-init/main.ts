/**
 * `forebay model init FILE.onnx`: creates a model folder from a bare graph or a Hugging Face folder. It writes a first
 * model.json, loads and probes the model in a real lane, and lists what it read, what it guessed and what to check. It is
 * a separate process, and exits with 0 only if the model loads.
 */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ACTIVATION, type Activation } from '../../shared/tasks/classes/activation.ts';
import { messageOf } from '../../shared/errors.ts';
import { CONFIG_FILE, GRAPH_FILE } from '../../shared/models/model-folder.ts';
import { endWhenOutputCloses } from '../../shared/process/closed-output.ts';
import { visibleText } from '../../shared/text/visible-text.ts';
import { findGraph, type GraphSource } from './find-graph.ts';
import { makeModelFolder, modelNameFrom, type MadeModel, type InitRequest } from './make-folder.ts';

const USAGE = `usage: forebay model init FILE.onnx | FOLDER [options]

Makes a model folder (${GRAPH_FILE} beside ${CONFIG_FILE}) from an ONNX file, and loads it as a worker does. Given a
folder, it uses ${GRAPH_FILE} or onnx/${GRAPH_FILE}, and the values in config.json and preprocessor_config.json.
A file called ${GRAPH_FILE} gets its ${CONFIG_FILE} beside it. For any other file, the folder NAME is made beside it.
Files are linked if possible, external data included.

  --out DIR             the folder to make
  --name NAME           the model's name (default: from --out, or from the file)
  --activation HOW      what the output's numbers are: softmax (logits), sigmoid (independent logits)
                        or none (scores already)
  --output-name OUTPUT  which output of the graph holds the class scores
  --crop PIXELS         side of the input, if the graph takes any size
  --force               overwrite an existing ${CONFIG_FILE}

Examples:
  forebay model init resnet50.onnx --out models/resnet50
  forebay model init vit-base --out models/vit --activation softmax`;

endWhenOutputCloses();
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const flags = readFlags(args);
    if (flags === null) {
      say(USAGE);
      return 0;
    }
    const source = await findGraph(flags.given);
    const request = toRequest(flags, source);
    report(request, await makeModelFolder(request));
    return 0;
  } catch (error) {
    process.stderr.write(`forebay model init: ${visibleText(messageOf(error))}\n`);
    return 2;
  }
}

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
      'output-name': { type: 'string' },
      crop: { type: 'string' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [given] = positionals;
  if (given === undefined || positionals.length !== 1) throw new Error(`one file is needed\n\n${USAGE}`);
  return { ...values, given, activation: toActivation(values.activation), crop: toPixels(values.crop) };
}

function toActivation(given: string | undefined): Activation | undefined {
  const parsed = ACTIVATION.optional().safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(`--activation is one of ${ACTIVATION.options.join(', ')}, not "${given}"`);
}

function toPixels(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const pixels = Number(given);
  if (Number.isInteger(pixels) && pixels >= 1) return pixels;
  throw new Error(`--crop is a number of pixels, not "${given}"`);
}

function toRequest(flags: Flags, source: GraphSource): InitRequest {
  const { out, activation, crop, force } = flags;
  const name = flags.name ?? modelNameFrom(out === undefined ? source.stem : basename(resolve(out)));
  const folder = dirname(source.file);
  const beside = basename(source.file) === GRAPH_FILE ? folder : join(folder, name);
  const dir = out === undefined ? beside : resolve(out);
  return { source, name, dir, activation, outputName: flags['output-name'], crop, force };
}

function report({ dir, source }: InitRequest, made: MadeModel): void {
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
  say(`\nLoaded and run once in ${made.loadMs.toFixed(0)} ms: graph and config fit.`);
  if (made.advice !== null) say(made.advice);
  say(
    `Next, edit ${config}, then try a few images whose answers you know:\n  forebay run --model ${show(dir)} --input IMAGES --output OUT --limit 20`,
  );
}

function show(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

function say(text: string): void {
  process.stdout.write(`${visibleText(text)}\n`);
}
