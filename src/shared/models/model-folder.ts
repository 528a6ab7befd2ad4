/**
 * A model on disk: a folder with `model.onnx`, its contract `model.json` and, named by the contract, a
 * labels file. Reads and identifies it; what is inside the graph only a lane knows.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ModelContract, ModelRef } from '../domain/model-contract.ts';
import { ForebayError, messageOf, type Issue } from '../errors.ts';
import { readContract } from './contract-issues.ts';

export const GRAPH_FILE = 'model.onnx';
export const CONTRACT_FILE = 'model.json';

/**
 * Every lane holds the labels, and each row's answer carries some of them. The largest public sets have 21,841 names
 * (ImageNet) of 200 characters at most; beyond these limits a file is not one of names.
 */
const MAX_LABELS = 1_000_000;
const MAX_LABEL_CHARS = 1_024;
const MAX_LABELS_BYTES = 64 * 1024 * 1024;

export interface ModelFolder {
  readonly dir: string;
  readonly contract: ModelContract;
  /** Class names in index order; null without a labels file. */
  readonly labels: string[] | null;
  readonly ref: ModelRef;
  readonly onnxPath: string;
  /** Size of the graph's file. */
  readonly bytes: number;
}

/**
 * Throws ForebayError `model_not_found` (no such folder) or `invalid_contract` with every issue found.
 * Reads the whole graph to hash it: 0.1 s per 100 MB.
 */
export async function loadModelFolder(dir: string): Promise<ModelFolder> {
  const parts = await readModelParts(dir);
  const hash = await hashModel(parts.contract, parts.onnxPath, parts.bytes, parts.labelsBytes);
  return toModelFolder(parts, hash);
}

/** Everything of a folder but its hash, which costs reading the graph. */
export interface ModelParts extends Omit<ModelFolder, 'ref'> {
  readonly labelsBytes: Buffer | null;
}

export async function readModelParts(dir: string): Promise<ModelParts> {
  const contract = checkContract(dir, await readContractFile(dir));
  const onnxPath = join(dir, GRAPH_FILE);
  const issues: Issue[] = [];
  const bytes = await fileSize(onnxPath);
  if (bytes === null) issues.push({ path: '', message: `${GRAPH_FILE} is missing beside ${CONTRACT_FILE}` });
  const labelsBytes = contract.labels === undefined ? null : await readLabels(dir, contract.labels, issues);
  const labels = labelsBytes && parseLabels(labelsBytes, issues);
  if (bytes === null || issues.length > 0) throw invalid(dir, issues);
  return { dir, contract, labels, onnxPath, bytes, labelsBytes };
}

export function toModelFolder(parts: ModelParts, hash: string): ModelFolder {
  const { dir, contract, labels, onnxPath, bytes } = parts;
  const ref = { name: contract.name, hash, pool: contract.pool };
  return { dir, contract, labels, ref, onnxPath, bytes };
}

/** Hex SHA-256 over length-prefixed contract (canonical JSON, defaults filled in), graph and labels. */
export async function hashModel(
  contract: ModelContract,
  onnxPath: string,
  bytes: number,
  labels: Buffer | null,
): Promise<string> {
  const hash = createHash('sha256');
  const text = Buffer.from(canonicalJson(contract));
  prefix(hash, text.length).update(text);
  prefix(hash, bytes);
  for await (const chunk of createReadStream(onnxPath, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
  }
  if (labels !== null) prefix(hash, labels.length).update(labels);
  return hash.digest('hex');
}

function prefix(hash: Hash, length: number): Hash {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(length));
  return hash.update(head);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

async function readContractFile(dir: string): Promise<string> {
  try {
    return await readFile(join(dir, CONTRACT_FILE), 'utf8');
  } catch (cause) {
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
}

function checkContract(dir: string, text: string): ModelContract {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(dir, [{ path: '', message: `not JSON: ${messageOf(cause)}` }], cause);
  }
  const reading = readContract(value);
  if (!reading.ok) throw invalid(dir, reading.issues);
  return reading.contract;
}

async function readLabels(dir: string, name: string, issues: Issue[]): Promise<Buffer | null> {
  if (name !== basename(name) || name === '..') {
    issues.push({ path: '/labels', message: 'must be the name of a file beside model.json, not a path' });
    return null;
  }
  const path = join(dir, name);
  try {
    const { size } = await stat(path);
    if (size <= MAX_LABELS_BYTES) return await readFile(path);
    issues.push({
      path: '/labels',
      message: `the file "${name}" has ${size} bytes; at most ${MAX_LABELS_BYTES}`,
    });
    return null;
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    issues.push({
      path: '/labels',
      message: gone ? `there is no file "${name}" beside model.json` : messageOf(error),
    });
    return null;
  }
}

/** One name a line; only the last line's end is no name. */
function parseLabels(bytes: Buffer, issues: Issue[]): string[] {
  const lines = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > MAX_LABELS) {
    issues.push({ path: '/labels', message: `the file has ${lines.length} names; at most ${MAX_LABELS}` });
  }
  const long = lines.findIndex((name) => name.length > MAX_LABEL_CHARS);
  if (long >= 0) {
    issues.push({
      path: '/labels',
      message: `line ${long + 1} of the file has ${lines[long]!.length} characters; a name has at most ${MAX_LABEL_CHARS}`,
    });
  }
  return lines;
}

async function fileSize(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}

function invalid(dir: string, issues: readonly Issue[], cause?: unknown): ForebayError {
  const list = issues.map((i) => `${i.path === '' ? '(whole file)' : i.path}: ${i.message}`);
  return new ForebayError('invalid_contract', `${join(dir, CONTRACT_FILE)}: ${list.join('; ')}`, {
    issues,
    cause,
  });
}
