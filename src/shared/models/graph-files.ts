/** Finds the external data files of a graph and checks each before anything opens it. */
import { counted } from '../text/counted.ts';
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, win32 } from 'node:path';
import { messageOf, type Issue } from '../errors.ts';
import { isInside } from '../files/is-inside.ts';
import { stampFile, type ContentMemo, type ModelFile } from './content-memo.ts';
import { scanGraph, type ExternalData, type GraphScan } from './external-data.ts';
import { whyNoGraph, whyWrongFile, readHead } from '../text/wrong-file.ts';

export interface ExternalFile extends ModelFile {
  /** Normalised path below the graph's folder. */
  readonly location: string;
}

/** Where a link to a file may lead. onnxruntime does not follow links out of the model's folder. */
export type Links = 'inside' | 'anywhere';

/** In order of location. Leaves out files with a problem, and adds the problem to `issues`. */
export async function readExternalFiles(
  graph: ModelFile,
  memo: ContentMemo,
  issues: Issue[],
  links: Links = 'inside',
): Promise<ExternalFile[]> {
  const problem = (message: string) => void issues.push({ path: '', message });
  const name = graph.path.slice(dirname(graph.path).length + 1);
  let named: readonly ExternalData[];
  try {
    named = (await scanned(graph, memo)).external;
  } catch (error) {
    problem(`${name} ${messageOf(error)}`);
    return [];
  }
  const files = new Map<string, ExternalFile>();
  for (const { location, leastBytes } of named) {
    const file = await checkExternal(graph, location, leastBytes, links);
    if (typeof file === 'string') problem(`${name} keeps weights in "${location}", ${file}`);
    else files.set(file.location, file);
  }
  return [...files.values()].toSorted((a, b) => (a.location < b.location ? -1 : 1));
}

/** See GraphScan. Empty if the graph cannot be read. */
export async function readDefaults(graph: ModelFile, memo: ContentMemo): Promise<readonly string[]> {
  return scanned(graph, memo).then(
    ({ defaults }) => defaults,
    () => [],
  );
}

async function scanned(graph: ModelFile, memo: ContentMemo): Promise<GraphScan> {
  return memo.of('scan', [graph], async () => {
    const wrong = whyNoGraph(await readHead(graph.path), graph.size);
    if (wrong !== null) throw new Error(wrong);
    return scanGraph(graph.path);
  });
}

/** Returns the file, or a text that describes the problem. */
async function checkExternal(
  graph: ModelFile,
  location: string,
  leastBytes: number,
  links: Links,
): Promise<ExternalFile | string> {
  const dir = dirname(graph.path);
  const below = normalize(location);
  if (location === '') return 'which names no file; export the model again';
  if (isAbsolute(location) || win32.isAbsolute(location) || /^\.\.([/\\]|$)/.test(below)) {
    return 'which is not a path below the model folder; export the model again with its weights beside the graph';
  }
  const path = join(dir, below);
  let file: ModelFile;
  try {
    file = await stampFile(path);
    if (links === 'inside' && !(await isAtHome(graph, path))) {
      return `which is a link out of the model folder; put the file itself there, or make the folder with: forebay model init ${graph.path} --out DIR`;
    }
    const wrong = file.size < 1024 ? whyWrongFile(await readHead(path), file.size) : null;
    if (wrong !== null) return `which ${wrong}`;
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return gone ? 'but there is no such file; put it there' : `which cannot be read: ${messageOf(error)}`;
  }
  if (file.size < leastBytes) {
    return `which has ${counted(file.size, 'byte')}, and the graph needs ${leastBytes}. It is cut off or belongs to another model. Copy or download it again`;
  }
  return { ...file, location: below };
}

/**
 * onnxruntime's own rule: the file must be below the graph's folder. If the graph is a link, it may also be below the folder
 * of the link's target.
 */
async function isAtHome(graph: ModelFile, path: string): Promise<boolean> {
  const [file, dir, target] = await Promise.all(
    [path, dirname(graph.path), graph.path].map(async (p) => realpath(p)),
  );
  return isInside(dir!, file!) || isInside(dirname(target!), file!);
}
