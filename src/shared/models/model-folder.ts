/**
 * A model on disk: a folder with `model.onnx`, its contract `model.json` and the files that these two name: labels,
 * and weights that the graph keeps outside of itself. Reads and identifies it; whether the graph computes at all only
 * a lane knows.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelContract, ModelRef } from '../domain/model-contract.ts';
import { ForebayError, messageOf, type Issue } from '../errors.ts';
import {
  createContentMemo,
  haveChanged,
  stampFile,
  type ContentMemo,
  type ModelFile,
} from './content-memo.ts';
import { readContract } from './contract-issues.ts';
import { readExternalFiles, type ExternalFile } from './graph-files.ts';
import { hashModel } from './model-hash.ts';
import { readLabels } from './read-labels.ts';
import { readText } from './read-text.ts';

export const GRAPH_FILE = 'model.onnx';
export const CONTRACT_FILE = 'model.json';

export interface ModelFolder {
  readonly dir: string;
  readonly contract: ModelContract;
  /** Class names in index order; null without a labels file. */
  readonly labels: string[] | null;
  readonly ref: ModelRef;
  readonly onnxPath: string;
  /** Size of the graph and its external data. */
  readonly bytes: number;
  /** Every file that decides the model's answers, as it was when `ref.hash` was made: see haveChanged. */
  readonly files: readonly ModelFile[];
}

/** A folder may be written to while it is read: so often it is read anew. */
const ATTEMPTS = 3;

/**
 * Throws ForebayError `model_not_found` (no such folder) or `invalid_contract` with every issue found. Reads every file
 * of the model to hash it, but for those that `memo` knows: 0.1 s per 100 MB.
 */
export async function loadModelFolder(dir: string, memo = createContentMemo()): Promise<ModelFolder> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const parts = await readModelParts(dir, memo);
    const hash = await hashModel(parts, memo);
    if (!(await haveChanged(parts.files))) return toModelFolder(parts, hash);
  }
  throw new ForebayError(
    'invalid_contract',
    `the files of ${dir} change while they are read; try again when they are all in place`,
  );
}

/** Everything of a folder but its hash, which costs reading its files whole. */
export interface ModelParts extends Omit<ModelFolder, 'ref'> {
  readonly graph: ModelFile;
  readonly external: readonly ExternalFile[];
  readonly labelsBytes: Buffer | null;
}

export async function readModelParts(
  dir: string,
  memo: ContentMemo = createContentMemo(),
): Promise<ModelParts> {
  // Each file's stamp comes before its content: a change between the two is noticed by the stamp.
  const contractFile = await stampFile(join(dir, CONTRACT_FILE)).catch(async (cause: unknown) =>
    noContract(dir, cause),
  );
  const contract = checkContract(dir, await readFile(contractFile.path));
  const onnxPath = join(dir, GRAPH_FILE);
  const issues: Issue[] = [];
  const graph = await stampGraph(onnxPath, issues);
  const external = graph === null ? [] : await readExternalFiles(graph, memo, issues);
  const labelsFile =
    contract.labels === undefined ? null : await stampFile(join(dir, contract.labels)).catch(() => null);
  const labels = contract.labels === undefined ? null : await readLabels(dir, contract.labels, issues);
  if (graph === null || issues.length > 0) throw invalid(dir, issues);
  return {
    dir,
    contract,
    labels: labels && labels.names,
    labelsBytes: labels && labels.bytes,
    onnxPath,
    graph,
    external,
    bytes: [graph, ...external].reduce((sum, { size }) => sum + size, 0),
    files: [contractFile, graph, ...external, ...(labelsFile === null ? [] : [labelsFile])],
  };
}

function toModelFolder(parts: ModelParts, hash: string): ModelFolder {
  const { dir, contract, labels, onnxPath, bytes, files } = parts;
  const ref = { name: contract.name, hash, pool: contract.pool };
  return { dir, contract, labels, ref, onnxPath, bytes, files };
}

async function noContract(dir: string, cause: unknown): Promise<never> {
  if ((await stat(dir).catch(() => null))?.isDirectory() !== true) {
    throw new ForebayError('model_not_found', `there is no model folder ${dir}`, { cause });
  }
  const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : messageOf(cause);
  throw new ForebayError(
    'invalid_contract',
    `${CONTRACT_FILE} ${why} in ${dir}; write a first one with: forebay model init ${join(dir, GRAPH_FILE)}`,
    { cause },
  );
}

function checkContract(dir: string, bytes: Buffer): ModelContract {
  const whole = (message: string, cause?: unknown) => invalid(dir, [{ path: '', message }], cause);
  const reading = readText(bytes);
  if (!reading.ok) throw whole(`${CONTRACT_FILE} ${reading.why}`);
  let value: unknown;
  try {
    value = JSON.parse(reading.text);
  } catch (cause) {
    throw whole(`${CONTRACT_FILE} is not JSON: ${messageOf(cause)}`, cause);
  }
  const contract = readContract(value);
  if (!contract.ok) throw invalid(dir, contract.issues);
  return contract.contract;
}

async function stampGraph(path: string, issues: Issue[]): Promise<ModelFile | null> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return stampFile(path);
  issues.push({ path: '', message: `${GRAPH_FILE} is missing beside ${CONTRACT_FILE}` });
  return null;
}

/** An issue with a path is one of the contract; the others name their file. */
function invalid(dir: string, issues: readonly Issue[], cause?: unknown): ForebayError {
  const list = issues.map((i) => (i.path === '' ? i.message : `${CONTRACT_FILE} ${i.path}: ${i.message}`));
  return new ForebayError('invalid_contract', `${dir}: ${list.join('; ')}`, { issues, cause });
}
