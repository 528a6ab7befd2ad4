/** Reads and describes the files beside a graph: labels.txt, the configs of Hugging Face, and the tokenizer. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLabels } from '../../shared/tasks/classes/labels.ts';
import { parseJson } from '../../shared/text/parse-json.ts';
import { readText } from '../../shared/text/read-text.ts';
import { openForeignFiles } from '../../shared/models/foreign-files.ts';
import type { Described } from '../../shared/models/hugging-face/described.ts';
import { readFeatureExtractor } from '../../shared/models/hugging-face/feature-extractor.ts';
import { architectureOf } from '../../shared/models/hugging-face/heads.ts';
import { readHuggingFaceConfig } from '../../shared/models/hugging-face/model-config.ts';
import {
  readPreprocessorConfig,
  type PreprocessorConfig,
} from '../../shared/models/hugging-face/preprocessor-config.ts';
import { chooseProcessor, NESTED_FILE, sourceIn } from '../../shared/models/hugging-face/processor-file.ts';
import { isTimm, readTimm } from '../../shared/models/hugging-face/timm-settings.ts';
import { PROCESSOR_FILE, type Json, type Reading } from '../../shared/models/hugging-face/reading.ts';
import { describeSentenceModel } from '../../shared/models/hugging-face/sentence-model.ts';
import { describeText } from '../../shared/models/hugging-face/text-settings.ts';
import type { Beside } from './hints.ts';
import { nullIfAbsent } from './null-if-absent.ts';
import { isJsonObject } from '../../shared/text/is-json-object.ts';
import { counted } from '../../shared/text/counted.ts';

export const LABELS_FILE = 'labels.txt';
export const TOKENIZER_FILE = 'tokenizer.json';
const CONFIG = 'config.json';

export interface Labels {
  readonly names: readonly string[];
  /** Name of their source, for messages. */
  readonly source: string;
  /** Path of the labels file. Null if the labels come from elsewhere. */
  readonly file: string | null;
  readonly content: string | Buffer;
}

export interface Surroundings extends Reading, Beside {
  readonly labels: Labels | null;
}

/**
 * Takes each file from the first folder that has it. Throws an Error that names a file with invalid content, or one that
 * exists but cannot be read.
 */
export async function readSurroundings(folders: readonly string[]): Promise<Surroundings> {
  const config = await readJson(folders, CONFIG);
  const model = readHuggingFaceConfig(config);
  const [nested, own] = [await readJson(folders, NESTED_FILE), await readJson(folders, PROCESSOR_FILE)];
  const processor = chooseProcessor('image_processor', nested, own);
  const extractor = chooseProcessor('feature_extractor', nested, own);
  const sound = readFeatureExtractor(extractor.given);
  const pixels = isTimm(config)
    ? readTimm(config)
    : fromProcessor(readPreprocessorConfig(sound === null ? processor.given : {}), processor.file);
  const fromFile = await readLabelsFile(folders);
  const text = await readTokenizer(folders, config);
  return {
    preprocess: pixels.preprocess,
    activation: model.activation,
    architecture: architectureOf(config),
    hasProcessor: isTimm(config) || Object.keys(processor.given).length > 0,
    text,
    sound,
    labels: fromFile ?? labelsFrom(model.labels, CONFIG),
    taken: [
      ...(fromFile === null
        ? []
        : [`labels: ${counted(fromFile.names.length, 'name')}, taken from ${LABELS_FILE}`]),
      ...model.taken.filter((line) => fromFile === null || !line.startsWith('labels')),
      ...pixels.taken,
    ],
    open: [
      ...model.open,
      ...pixels.open,
      ...(sound?.open ?? []).map((line) => sourceIn(line, extractor.file)),
      ...(text?.notes ?? []),
    ],
  };
}

function fromProcessor({ preprocess, taken, open }: PreprocessorConfig, file: string) {
  const renamed = (line: string) => sourceIn(line, file);
  return { preprocess, taken: taken.map(renamed), open: open.map(renamed) };
}

/** `source`: where they come from. */
export function labelsFrom(names: readonly string[] | null, source: string): Labels | null {
  return names && { names, source, file: null, content: `${names.join('\n')}\n` };
}

/** Null if no folder has a tokenizer. */
async function readTokenizer(
  folders: readonly string[],
  config: Json,
): Promise<(Described & { readonly file: string }) | null> {
  for (const folder of folders) {
    const file = join(folder, TOKENIZER_FILE);
    if ((await stat(file).catch(nullIfAbsent(file)))?.isFile() !== true) continue;
    const files = openForeignFiles(folder);
    const isSentences = (await files.names()).includes('modules.json');
    const told = await (isSentences ? describeSentenceModel : describeText)(files, config);
    return { ...told, file };
  }
  return null;
}

async function readLabelsFile(folders: readonly string[]): Promise<Labels | null> {
  const found = await firstFile(folders, LABELS_FILE);
  if (found === null) return null;
  const reading = parseLabels(found.bytes);
  if (!reading.ok) throw new Error(`${found.path}: ${reading.why}`);
  return { names: reading.names, source: LABELS_FILE, file: found.path, content: found.bytes };
}

/** An empty object if there is no such file. */
async function readJson(folders: readonly string[], name: string): Promise<Json> {
  const found = await firstFile(folders, name);
  if (found === null) return {};
  const reading = readText(found.bytes);
  if (!reading.ok) throw new Error(`${found.path} ${reading.why}`);
  const parsed = parseJson(reading.text);
  if (!parsed.ok) throw new Error(`${found.path} ${parsed.why}`, { cause: parsed.cause });
  if (isJsonObject(parsed.value)) return parsed.value;
  throw new Error(`${found.path} is not a JSON object`);
}

async function firstFile(folders: readonly string[], name: string) {
  for (const folder of folders) {
    const path = join(folder, name);
    const bytes = await readFile(path).catch(nullIfAbsent(path));
    if (bytes !== null) return { path, bytes };
  }
  return null;
}
