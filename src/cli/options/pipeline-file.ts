/** `--model` and `--pipeline`: which model a command is about. One of them must be given. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SubmitBody } from '../../api/http/wire/submit-request.ts';
import { messageOf } from '../../shared/errors.ts';
import { readText } from '../../shared/text/read-text.ts';
import { UsageError } from '../exit-codes.ts';
import { isJsonObject } from '../../shared/text/is-json-object.ts';

export interface ModelFlags {
  readonly model?: string;
  readonly pipeline?: string;
}

export type AskedModel =
  | { readonly kind: 'model'; readonly given: string }
  | { readonly kind: 'pipeline'; readonly file: string };

/** `missing`: the message if neither is given. */
export function askedModel({ model, pipeline }: ModelFlags, missing: string): AskedModel {
  if (model !== undefined && pipeline !== undefined)
    throw new UsageError('--model and --pipeline exclude each other');
  if (pipeline !== undefined) return { kind: 'pipeline', file: pipeline };
  if (model === undefined) throw new UsageError(missing);
  return { kind: 'model', given: model };
}

/** The fields of a request to a running service that name the model. */
export async function modelOfRequest(
  asked: AskedModel,
  cwd: string,
): Promise<Pick<SubmitBody, 'model' | 'pipeline'>> {
  if (asked.kind === 'model') return { model: asked.given };
  return { pipeline: await readPipeline(asked.file, cwd) };
}

export async function readPipeline(file: string, cwd: string): Promise<Record<string, unknown>> {
  const value = await jsonIn(file, cwd);
  if (isJsonObject(value)) {
    if (!('pipeline' in value)) return { ...value };
    throw new UsageError(
      `--pipeline ${file}: the file holds a request; leave only the value of its field "pipeline"`,
    );
  }
  throw new UsageError(
    `--pipeline ${file}: the file must hold a JSON object, as model.json of a pipeline does`,
  );
}

async function jsonIn(file: string, cwd: string): Promise<unknown> {
  try {
    const reading = readText(await readFile(resolve(cwd, file)));
    if (reading.ok) return JSON.parse(reading.text);
    throw new Error(`the file ${reading.why}`);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new UsageError(`--pipeline ${file}: the file is not JSON (${messageOf(error)})`);
    throw new UsageError(`--pipeline ${file}: ${messageOf(error)}`);
  }
}
