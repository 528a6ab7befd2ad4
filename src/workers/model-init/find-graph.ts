/** Finds the ONNX file given to `model init`, or the one in a folder, and the folders that may contain its configs. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { COMMON_CONFIG_SHAPE } from '../../shared/domain/model/model-config.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { CONFIG_FILE } from '../../shared/models/config-file.ts';
import { GRAPH_FILE } from '../../shared/models/read-folder-config.ts';
import { isJsonObject } from '../../shared/text/is-json-object.ts';
import { readText } from '../../shared/text/read-text.ts';
import { nullIfAbsent } from './null-if-absent.ts';

export interface GraphSource {
  /** Absolute. Links are not resolved, because external data is beside the link. */
  readonly file: string;
  /** Folders that may contain its labels and configs, nearest first. */
  readonly folders: readonly string[];
  /** The model's name is derived from it. */
  readonly stem: string;
  /** Other graphs of the folder, as paths relative to it. */
  readonly others: readonly string[];
}

/** Hugging Face repositories keep their graphs in this folder. */
const GRAPHS = 'onnx';

/**
 * Throws ForebayError `model_not_found`, or an Error if a folder cannot be read, has no graph, or has several but none
 * that is called model.onnx or that model.json names.
 */
export async function findGraph(given: string): Promise<GraphSource> {
  const path = resolve(given);
  const found = await stat(path).catch((cause: unknown) => {
    throw new ForebayError('model_not_found', `cannot read ${given}: ${messageOf(cause)}`, { cause });
  });
  return found.isDirectory() ? inFolder(path, given) : sourceOf(path, []);
}

async function inFolder(dir: string, given: string): Promise<GraphSource> {
  const graphs = [...(await graphsIn(dir)), ...(await graphsIn(join(dir, GRAPHS)))];
  const short = (path: string) => relative(dir, path);
  const others = (file: string) => graphs.filter((path) => path !== file).map(short);
  const named = await namedIn(dir);
  if (named !== null) return { ...sourceOf(named, others(named)), stem: basename(dir) };
  const usual = [join(dir, GRAPH_FILE), join(dir, GRAPHS, GRAPH_FILE)];
  const file = usual.find((path) => graphs.includes(path)) ?? (graphs.length === 1 ? graphs[0] : undefined);
  if (file !== undefined) return sourceOf(file, others(file));
  if (graphs.length > 0) {
    throw new Error(
      `${given} has several graphs, and none is called ${GRAPH_FILE}; give one of them: ${graphs.map(short).join(', ')}`,
    );
  }
  throw new Error(
    `neither ${given} nor its folder ${GRAPHS} has an .onnx file; export the model first, for example with: optimum-cli export onnx --model ${given} OUT`,
  );
}

function sourceOf(file: string, others: readonly string[]): GraphSource {
  const dir = dirname(file);
  const home = basename(dir) === GRAPHS ? dirname(dir) : dir;
  const stem = basename(file) === GRAPH_FILE ? basename(home) : basename(file).replace(/\.onnx$/i, '');
  return { file, folders: home === dir ? [dir] : [dir, home], stem, others };
}

/** The graph that a model.json in the folder names. Throws an Error if there is no such file in the folder. */
async function namedIn(dir: string): Promise<string | null> {
  const config = join(dir, CONFIG_FILE);
  const graph = graphIn(await readFile(config).catch(nullIfAbsent(config)));
  if (graph === undefined) return null;
  const { data: path } = COMMON_CONFIG_SHAPE.graph.safeParse(graph);
  const file = join(dir, path ?? '');
  if (path !== undefined && (await stat(file).catch(nullIfAbsent(file)))?.isFile() === true) return file;
  throw new Error(
    `${config} names the graph ${JSON.stringify(graph)}, but the folder has no such .onnx file; correct "graph" or give the file itself`,
  );
}

/** Undefined if it names none. Not even JSON: --force may overwrite such a file. */
function graphIn(config: Buffer | null): unknown {
  try {
    const reading = config === null ? null : readText(config);
    const value: unknown = reading?.ok === true ? JSON.parse(reading.text) : null;
    return isJsonObject(value) ? value['graph'] : undefined;
  } catch {
    return undefined;
  }
}

async function graphsIn(dir: string): Promise<string[]> {
  const names: string[] = (await readdir(dir).catch(nullIfAbsent(dir))) ?? [];
  return names
    .filter((name) => /\.onnx$/i.test(name))
    .toSorted()
    .map((name) => join(dir, name));
}
