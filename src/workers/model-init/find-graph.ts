/** Finds the ONNX file given to `model init`, or the one in a folder, and the folders that may contain its configs. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { GRAPH_FILE } from '../../shared/models/read-folder-config.ts';
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
 * called model.onnx.
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
  const named = [join(dir, GRAPH_FILE), join(dir, GRAPHS, GRAPH_FILE)];
  const file = named.find((path) => graphs.includes(path)) ?? (graphs.length === 1 ? graphs[0] : undefined);
  const short = (path: string) => relative(dir, path);
  if (file !== undefined) return sourceOf(file, graphs.filter((path) => path !== file).map(short));
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

async function graphsIn(dir: string): Promise<string[]> {
  const names: string[] = (await readdir(dir).catch(nullIfAbsent(dir))) ?? [];
  return names
    .filter((name) => /\.onnx$/i.test(name))
    .toSorted()
    .map((name) => join(dir, name));
}
