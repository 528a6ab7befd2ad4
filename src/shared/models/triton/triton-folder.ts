/** A folder as NVIDIA Triton has it: config.pbtxt, and a graph in a folder for each version. */
import { basename } from 'node:path';
import type { ForeignFiles } from '../foreign-files.ts';
import type { ForeignConfig, ForeignKind } from '../foreign-folder.ts';
import { modelNameFrom } from '../model-name.ts';
import { messageOf } from '../../errors.ts';
import { parsePbtxt, type PbMessage } from './parse-pbtxt.ts';
import { message, messages, numbers, text } from './pb-fields.ts';
import { readBatching, readLanes } from './read-settings.ts';
import { readTensors } from './read-tensors.ts';

const CONFIG = 'config.pbtxt';
const GRAPH = 'model.onnx';

export const triton: ForeignKind = {
  configFile: CONFIG,
  mayBe: (names) => names.includes(CONFIG),
  read,
  findGraph,
};

async function read(files: ForeignFiles): Promise<ForeignConfig> {
  const config = await readConfig(files);
  const missing = new Map<string, string>();
  const notes: string[] = [];
  const unlessGiven = new Map<string, string>();
  const platform = text(config, 'platform') ?? text(config, 'backend') ?? 'onnxruntime';
  if (!platform.startsWith('onnxruntime')) {
    missing.set('/task', `${CONFIG} is for "${platform}", and Forebay serves ONNX graphs`);
  }
  for (const field of ['sequence_batching', 'ensemble_scheduling']) {
    if (config.has(field)) missing.set('/task', `${CONFIG} has ${field}, which Forebay does not support`);
  }
  const most = numbers(config, 'max_batch_size')[0] ?? 0;
  // Triton refuses it, too.
  if (most < 0) {
    throw new Error(
      `${CONFIG}: max_batch_size is ${most}, but must be 0 (no batch axis) or the most rows of a call`,
    );
  }
  const fields = {
    name: modelNameFrom(text(config, 'name') ?? basename(files.dir)),
    task: 'tensors',
    ...readTensors(config, most > 0, missing, notes),
    batching: readBatching(config, most, unlessGiven),
    ...readLanes(config, unlessGiven),
  };
  const unknown = [...config.keys()].filter((key) => !KNOWN.has(key));
  if (unknown.length > 0)
    notes.push(`${CONFIG}: ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not followed`);
  const versions = await versionsOf(files);
  if (versions.length > 1) {
    const served = chosenVersion(versions, config);
    notes.push(
      `version ${served} is served; the folder also has ${versions.filter((v) => v !== served).join(', ')}`,
    );
  }
  return { kind: 'Triton', fields, missing, unlessGiven, notes };
}

/** Fields that are read, or that change no answer. */
const KNOWN = new Set([
  'name',
  'platform',
  'backend',
  'max_batch_size',
  'input',
  'output',
  'dynamic_batching',
  'instance_group',
  'version_policy',
  'default_model_filename',
  'sequence_batching',
  'ensemble_scheduling',
  'model_warmup',
  'response_cache',
]);

async function readConfig(files: ForeignFiles): Promise<PbMessage> {
  const content = await files.text(CONFIG);
  try {
    return parsePbtxt(content ?? '');
  } catch (cause) {
    throw new Error(`${CONFIG}, ${messageOf(cause)}`, { cause });
  }
}

/** In ascending order. */
async function versionsOf(files: ForeignFiles): Promise<readonly number[]> {
  const names = await files.names();
  return names
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** The highest one that the version policy allows. */
function chosenVersion(versions: readonly number[], config: PbMessage): number | undefined {
  const allowed = allowedVersions(config);
  return versions.findLast((version) => allowed?.includes(version) ?? true);
}

/** Null if all are allowed. */
function allowedVersions(config: PbMessage): readonly number[] | null {
  const policy = message(config, 'version_policy');
  const [specific] = policy === null ? [] : messages(policy, 'specific');
  return specific === undefined ? null : numbers(specific, 'versions');
}

async function findGraph(files: ForeignFiles): Promise<string> {
  const config = await readConfig(files);
  const versions = await versionsOf(files);
  const version = chosenVersion(versions, config);
  if (version === undefined) throw noVersion(versions, allowedVersions(config));
  const path = `${version}/${text(config, 'default_model_filename') ?? GRAPH}`;
  // Models with external data may be a folder.
  const found = [path, `${path}/${GRAPH}`];
  for (const one of found) if (await files.isFile(one)) return one;
  throw new Error(`${path} is missing beside ${CONFIG}`);
}

function noVersion(versions: readonly number[], allowed: readonly number[] | null): Error {
  if (versions.length === 0 || allowed === null) {
    return new Error(`the folder has no version: put the graph into 1/${GRAPH}`);
  }
  return new Error(
    `version_policy of ${CONFIG} allows ${allowed.join(', ') || 'no version'}, but the folder has ${versions.join(', ')}: change one of them`,
  );
}
