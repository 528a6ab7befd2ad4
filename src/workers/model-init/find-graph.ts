/** The ONNX file that `model init` was given, or the one of a folder, and the folders of configs that belong to it. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { GRAPH_FILE } from '../../shared/models/model-folder.ts';

export interface GraphSource {
  /** Absolute; a link is not followed yet, since external data lies beside the link. */
  readonly file: string;
  /** Where its labels and configs may lie, the nearest first. */
  readonly folders: readonly string[];
  /** What a model's name is made of. */
  readonly stem: string;
  /** Other graphs of the folder, by their paths in it. */
  readonly others: readonly string[];
}

/** Hugging Face keeps the graphs of a repository in this folder of it. */
const GRAPHS = 'onnx';

/** Throws ForebayError `model_not_found`; an Error where a folder has no graph or too many. */
export async function findGraph(given: string): Promise<GraphSource> {
  const path = resolve(given);
  const found = await stat(path).catch((cause: unknown) => {
    throw new ForebayError('model_not_found', `cannot read ${given}: ${messageOf(cause)}`, { cause });
  });
  return found.isDirectory() ? inFolder(path, given) : sourceOf(path, []);
}

async function inFolder(dir: string, given: string): Promise<GraphSource> {
  const graphs = [...(await graphsIn(dir)), ...(await graphsIn(join(dir, GRAPHS)))];
  const named = [join(dir, GRAPH_FILE), join(dir, GRAPHS, GRAPH_FILE)];
  const file = named.find((path) => graphs.includes(path)) ?? (graphs.length === 1 ? graphs[0] : undefined);
  const short = (path: string) => relative(dir, path);
  if (file !== undefined) return sourceOf(file, graphs.filter((path) => path !== file).map(short));
  if (graphs.length > 0) {
    throw new Error(
      `${given} has several graphs and none is called ${GRAPH_FILE}; give one of them: ${graphs.map(short).join(', ')}`,
    );
  }
  throw new Error(
    `${given} has no .onnx file, nor has its folder ${GRAPHS}; export the model first, for example with: optimum-cli export onnx --model ${given} OUT`,
  );
}

function sourceOf(file: string, others: readonly string[]): GraphSource {
  const dir = dirname(file);
  const home = basename(dir) === GRAPHS ? dirname(dir) : dir;
  const stem = basename(file) === GRAPH_FILE ? basename(home) : basename(file).replace(/\.onnx$/i, '');
  return { file, folders: home === dir ? [dir] : [dir, home], stem, others };
}

async function graphsIn(dir: string): Promise<string[]> {
  const names: string[] = await readdir(dir).catch(() => []);
  return names
    .filter((name) => /\.onnx$/i.test(name))
    .toSorted()
    .map((name) => join(dir, name));
}
