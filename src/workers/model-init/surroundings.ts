/** Reads and describes the files beside a graph: labels.txt, config.json, preprocessor_config.json. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/errors.ts';
import { parseLabels } from '../../shared/tasks/classes/labels.ts';
import { readText } from '../../shared/text/read-text.ts';
import {
  readHuggingFaceConfig,
  type HuggingFaceConfig,
} from '../../shared/models/hugging-face/model-config.ts';
import {
  readPreprocessorConfig,
  type PreprocessorConfig,
} from '../../shared/models/hugging-face/preprocessor-config.ts';

export const LABELS_FILE = 'labels.txt';

export interface Surroundings extends PreprocessorConfig, Pick<HuggingFaceConfig, 'activation'> {
  readonly labels: {
    readonly names: readonly string[];
    /** Name of their source, for messages. */
    readonly source: string;
    /** Path of the labels file. Null if the labels come from a config. */
    readonly file: string | null;
    readonly content: string | Buffer;
  } | null;
}

/** Takes each file from the first folder that has it. Throws an Error that names an unreadable file. */
export async function readSurroundings(folders: readonly string[]): Promise<Surroundings> {
  const model = readHuggingFaceConfig(await readJson(folders, 'config.json'));
  const pixels = readPreprocessorConfig(await readJson(folders, 'preprocessor_config.json'));
  const fromFile = await readLabelsFile(folders);
  return {
    preprocess: pixels.preprocess,
    activation: model.activation,
    labels: fromFile ?? fromConfig(model.labels),
    taken: [
      ...(fromFile === null ? [] : [`labels: ${fromFile.names.length} names, taken from ${LABELS_FILE}`]),
      ...model.taken.filter((line) => fromFile === null || !line.startsWith('labels')),
      ...pixels.taken,
    ],
    open: [...model.open, ...pixels.open],
  };
}

async function readLabelsFile(
  folders: readonly string[],
): Promise<NonNullable<Surroundings['labels']> | null> {
  const found = await firstFile(folders, LABELS_FILE);
  if (found === null) return null;
  const reading = parseLabels(found.bytes);
  if (!reading.ok) throw new Error(`${found.path}: ${reading.why}`);
  return { names: reading.names, source: LABELS_FILE, file: found.path, content: found.bytes };
}

function fromConfig(names: readonly string[] | null): Surroundings['labels'] {
  return names && { names, source: 'config.json', file: null, content: `${names.join('\n')}\n` };
}

/** An empty object if there is no such file. */
async function readJson(folders: readonly string[], name: string): Promise<Record<string, unknown>> {
  const found = await firstFile(folders, name);
  if (found === null) return {};
  const reading = readText(found.bytes);
  if (!reading.ok) throw new Error(`${found.path} ${reading.why}`);
  let value: unknown;
  try {
    value = JSON.parse(reading.text);
  } catch (cause) {
    throw new Error(`${found.path} is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${found.path} is not a JSON object`);
}

async function firstFile(folders: readonly string[], name: string) {
  for (const folder of folders) {
    const path = join(folder, name);
    const bytes = await readFile(path).catch(() => null);
    if (bytes !== null) return { path, bytes };
  }
  return null;
}
