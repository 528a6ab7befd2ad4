/**
 * `forebay model init FILE.onnx`: makes a model folder out of a bare graph - a first model.json, loaded once in
 * a real lane - and says what was read, what was guessed and what to check. Run as a process of its own.
 */
import { copyFile, link, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { readContract } from '../shared/models/contract-issues.ts';
import { CONTRACT_FILE, GRAPH_FILE, loadModelFolder } from '../shared/models/model-folder.ts';
import { readGraphFace } from '../shared/models/onnx-graph.ts';
import { visibleText } from '../shared/visible-text.ts';
import { guessContract, modelNameFrom } from './guess-contract.ts';
import { startChildLane } from './lanes/child-lane.ts';

const USAGE = `usage: forebay model init FILE.onnx [--name NAME] [--out DIR] [--force]

Makes a model folder (model.onnx beside model.json) out of an ONNX file. A file called model.onnx gets its
model.json beside it; for any other the folder NAME is made beside the file (or DIR, with --out).
--force overwrites an existing model.json.`;

interface Wish {
  readonly file: string;
  readonly name: string;
  readonly dir: string;
  readonly force: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const wish = readArgs(args);
    if (wish === null) {
      say(USAGE);
      return 0;
    }
    await init(wish);
    return 0;
  } catch (error) {
    process.stderr.write(`forebay model init: ${visibleText(messageOf(error))}\n`);
    return 2;
  }
}

/** Null: help was asked for. */
function readArgs(args: readonly string[]): Wish | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      out: { type: 'string' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [given] = positionals;
  if (given === undefined || positionals.length !== 1) throw new Error(`one file is needed\n\n${USAGE}`);
  const file = resolve(given);
  const isInPlace = basename(file) === GRAPH_FILE;
  const stem = isInPlace ? basename(dirname(file)) : basename(file).replace(/\.onnx$/i, '');
  const name = values.name ?? modelNameFrom(stem);
  const beside = isInPlace ? dirname(file) : join(dirname(file), name);
  return { file, name, dir: values.out === undefined ? beside : resolve(values.out), force: values.force };
}

async function init(wish: Wish): Promise<void> {
  const target = join(wish.dir, CONTRACT_FILE);
  if (!wish.force && (await exists(target))) {
    throw new Error(`${show(target)} exists; it is left as it is (--force overwrites it)`);
  }
  const labels = await readLabels(wish);
  const { contract, facts, guesses } = guessContract(
    readGraphFace(await readGraph(wish.file)),
    wish.name,
    labels,
  );
  const reading = readContract(contract);
  if (!reading.ok) throw new Error(reading.issues.map((i) => `${i.path.slice(1)}: ${i.message}`).join('; '));
  await mkdir(wish.dir, { recursive: true });
  const how = await placeGraph(wish.file, join(wish.dir, GRAPH_FILE));
  await writeFile(target, toText(contract));

  say(`wrote ${show(target)}${how}`);
  say(`\nRead from the graph:\n${facts.map((f) => `  ${f}`).join('\n')}`);
  say(`\nGuessed, because no graph says it - check against where the model comes from:`);
  say(guesses.map((g) => `  ${g}`).join('\n'));
  say(`\n${await tryLoad(wish.dir)}`);
  say(
    `Next: edit ${show(target)}, then try a few images whose answer you know:\n  forebay run --model ${show(wish.dir)} --input IMAGES --output OUT --limit 20`,
  );
}

async function readGraph(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ForebayError('model_not_found', `cannot read ${show(file)}: ${messageOf(cause)}`, { cause });
  }
}

/** Where the graph is not in its folder yet: a hard link costs no space, a copy serves across disks. */
async function placeGraph(file: string, target: string): Promise<string> {
  if (file === target) return '';
  if (await exists(target)) {
    const [a, b] = [await stat(file), await stat(target)];
    if (a.ino === b.ino && a.dev === b.dev) return '';
    throw new Error(`${show(target)} exists and is another file; choose another folder with --out`);
  }
  try {
    await link(file, target);
    return ` and linked ${show(file)} as its ${GRAPH_FILE} (no extra space)`;
  } catch {
    await copyFile(file, target);
    return ` and copied ${show(file)} as its ${GRAPH_FILE}`;
  }
}

/** The proof of the pudding: the same code that will serve it. */
async function tryLoad(dir: string): Promise<string> {
  const { contract, labels } = await loadModelFolder(dir);
  const lane = startChildLane({ index: 0, uvThreads: 1 });
  try {
    const limits = { inputRoots: [], maxFileBytes: 1, maxHeldBytes: 1, maxPixels: 1, maxImageRatio: 1 };
    const info = await lane.load({ model: contract.name, dir, contract, labels, threads: 1, limits });
    return `Loaded and run once on a black image in ${info.loadMs.toFixed(0)} ms: graph and contract fit.`;
  } catch (error) {
    return `It does not load yet: ${messageOf(error)}`;
  } finally {
    await lane.close();
  }
}

async function readLabels({ file, dir }: Wish): Promise<string[] | null> {
  for (const folder of new Set([dir, dirname(file)])) {
    const text = await readFile(join(folder, 'labels.txt'), 'utf8').catch(() => null);
    if (text === null) continue;
    if (folder !== dir) {
      await mkdir(dir, { recursive: true });
      await writeFile(join(dir, 'labels.txt'), text);
    }
    return text.replace(/\r?\n$/, '').split(/\r?\n/);
  }
  return null;
}

/** Pretty JSON with short arrays on one line, as a person would write it. */
function toText(contract: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(contract, null, 2).replaceAll(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner: string) => `[${inner.replaceAll(/\s+/g, ' ')}]`)}\n`;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function show(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

function say(text: string): void {
  process.stdout.write(`${visibleText(text)}\n`);
}
