/**
 * The config of a model folder, wherever it is: in model.json, or in the files of another tool. A model.json without
 * a task completes those files, and its fields override theirs.
 */
import { basename, join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { messageOf, type Issue } from '../errors.ts';
import { isMissing } from '../files/is-missing.ts';
import { parseJson } from '../text/parse-json.ts';
import { readText } from '../text/read-text.ts';
import { CONFIG_FILE } from './config-file.ts';
import { stampFile, type ModelFile } from './content-memo.ts';
import { openForeignFiles, type ForeignFiles } from './foreign-files.ts';
import type { ForeignConfig, ForeignKind } from './foreign-folder.ts';
import { huggingFace } from './hugging-face/hugging-face-folder.ts';
import type { Json } from './hugging-face/reading.ts';
import { modelNameFrom } from './model-name.ts';
import { PREDICTOR_FILES } from './predictor-files.ts';
import { nameOfParent } from './version-name.ts';
import { triton } from './triton/triton-folder.ts';
import { isJsonObject } from '../text/is-json-object.ts';

export const GRAPH_FILE = 'model.onnx';

/** The more specific first. */
const KINDS: readonly ForeignKind[] = [triton, huggingFace];

export interface FolderConfig {
  /** A config in the form of model.json, not checked yet. */
  readonly value: unknown;
  /** The files that it comes from. */
  readonly sources: readonly ModelFile[];
  /** The names of these files for messages. Absent: model.json. */
  readonly configFile?: string;
  readonly notes: readonly string[];
  /** Path of the graph or the predictor below the folder, or the problem with it. */
  readonly entry: { readonly path: string } | { readonly problem: string };
}

export type FolderReading =
  | ({ readonly ok: true } & FolderConfig)
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly cause?: unknown };

/** Whether a folder with these names may be a model folder. */
export function holdsModelFile(names: readonly string[]): boolean {
  return (
    [GRAPH_FILE, ...PREDICTOR_FILES].some((file) => names.includes(file)) ||
    KINDS.some((kind) => kind.mayBe(names))
  );
}

/** Null if the folder has no config at all. A predictor needs none. */
export async function readFolderConfig(dir: string): Promise<FolderReading | null> {
  const own = await readOwn(dir);
  if (own !== null && !own.ok) return own;
  const files = openForeignFiles(dir);
  const names = await files.names();
  const kinds = KINDS.filter((kind) => kind.mayBe(names));
  const value = own?.value;
  if (isPredictor(value, names)) return predictorConfig(dir, own, names);
  const isWhole =
    own !== null && (!isJsonObject(value) || value['task'] !== undefined || value['kind'] === 'pipeline');
  try {
    const entry = await findGraph(value, files, kinds[0], isWhole);
    if (isWhole) {
      const name = kinds.length > 0 && isJsonObject(value) ? { name: nameOf(dir) } : {};
      const whole = isJsonObject(value) ? { ...name, ...value } : value;
      return { ok: true, value: whole, sources: [own.file], notes: [], entry };
    }
    const foreign = await readForeign(files, kinds);
    if (foreign !== null) return completed(foreign, isJsonObject(value) ? value : {}, { files, own, entry });
    return own && { ok: true, value, sources: [own.file], notes: [], entry };
  } catch (cause) {
    return { ok: false, issues: [{ path: '', message: messageOf(cause) }], cause };
  }
}

/** If model.json has neither a kind nor a task, the files in the folder decide. */
function isPredictor(value: unknown, names: readonly string[]): boolean {
  if (value !== undefined && !isJsonObject(value)) return false;
  const { kind, task } = value ?? {};
  if (kind !== undefined || task !== undefined) return kind === 'predictor';
  return PREDICTOR_FILES.some((file) => names.includes(file));
}

function predictorConfig(
  dir: string,
  own: { readonly file: ModelFile; readonly value: unknown } | null,
  names: readonly string[],
): FolderReading {
  const given = isJsonObject(own?.value) ? own.value : {};
  const value = { kind: 'predictor', name: nameOf(dir), ...given };
  const path = PREDICTOR_FILES.find((file) => names.includes(file)) ?? PREDICTOR_FILES[0]!;
  const notes = given['input'] === undefined ? [INPUT_GUESSED] : [];
  return { ok: true, value, sources: own === null ? [] : [own.file], notes, entry: { path } };
}

function nameOf(dir: string): string {
  return modelNameFrom(nameOfParent(dir) ?? basename(dir));
}

const INPUT_GUESSED = `${CONFIG_FILE} does not say what a row is, so rows are records; set "input" to text, image or audio if they are not`;

async function readForeign(
  files: ForeignFiles,
  kinds: readonly ForeignKind[],
): Promise<ForeignConfig | null> {
  for (const [at, kind] of kinds.entries()) {
    const found = await kind.read(files);
    if (found === null) continue;
    const others = kinds
      .slice(at + 1)
      .map(({ configFile }) => `${configFile} is not read, because ${kind.configFile} describes the model`);
    return { ...found, notes: [...found.notes, ...others] };
  }
  return null;
}

async function findGraph(
  value: unknown,
  files: ForeignFiles,
  kind: ForeignKind | undefined,
  isWhole: boolean,
): Promise<FolderConfig['entry']> {
  const named = isJsonObject(value) ? value['graph'] : undefined;
  if (typeof named === 'string') return { path: named };
  const isOwn = kind === undefined || (isWhole && (await files.isFile(GRAPH_FILE)));
  if (isOwn) return { path: GRAPH_FILE };
  return kind.findGraph(files).then(
    (path) => ({ path }),
    (error: unknown) => ({ problem: messageOf(error) }),
  );
}

interface Context {
  readonly files: ForeignFiles;
  readonly own: { readonly file: ModelFile } | null;
  readonly entry: FolderConfig['entry'];
}

function completed(foreign: ForeignConfig, more: Json, { files, own, entry }: Context): FolderReading {
  const value = merged(foreign.fields, more);
  const missing = [...foreign.missing].filter(([path]) => at(value, path) === undefined || path === '/task');
  const issues = missing.map(([path, why]) => ({ path, message: `is missing: ${why}` }));
  if (issues.length > 0) return { ok: false, issues };
  const sources = [...(own === null ? [] : [own.file]), ...files.read];
  const open = [...(foreign.unlessGiven ?? [])].filter(([path]) => at(more, path) === undefined);
  const notes = [...foreign.notes, ...open.map(([, note]) => note)];
  const configFile = [...new Set(sources.map(({ path }) => basename(path)))].join(' and ');
  return { ok: true, value, sources, configFile, notes, entry };
}

/** Fields of `more` override. Objects are merged field by field. */
function merged(fields: Json, more: Json): Json {
  const both = Object.entries(more).map(([key, value]): [string, unknown] => {
    const before = fields[key];
    return [key, isJsonObject(before) && isJsonObject(value) ? merged(before, value) : value];
  });
  return { ...fields, ...Object.fromEntries(both) };
}

function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);
}

/** Null if there is no model.json. */
async function readOwn(dir: string) {
  const path = join(dir, CONFIG_FILE);
  const refuse = (message: string, cause?: unknown) =>
    ({ ok: false, issues: [{ path: '', message: `${CONFIG_FILE} ${message}` }], cause }) as const;
  // The stamp is taken before the content is read, so that it reveals a change between the two.
  let file: ModelFile;
  let bytes: Buffer;
  try {
    file = await stampFile(path);
    bytes = await readFile(path);
  } catch (cause) {
    return isMissing(cause) ? null : refuse(messageOf(cause), cause);
  }
  const reading = readText(bytes);
  if (!reading.ok) return refuse(reading.why);
  const parsed = parseJson(reading.text);
  return parsed.ok ? ({ ok: true, file, value: parsed.value } as const) : refuse(parsed.why, parsed.cause);
}
