/** The files beside model.json that a config names, such as labels: checked, and identified by their content. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { messageOf, type Issue } from '../errors.ts';
import type { NamedFile } from '../tasks/task-description.ts';
import { taskOf } from '../tasks/task-descriptions.ts';
import { sha256 } from '../text/sha256.ts';
import { stampFile, type ContentMemo, type ModelFile } from './content-memo.ts';

export interface NamedModelFile extends ModelFile {
  /** The field of model.json. */
  readonly field: string;
  /** Hex, of its content. */
  readonly sha256: string;
}

/** Leaves out files that cannot be used, and adds an issue for each. Reads a file again only if it has changed. */
export async function readNamedFiles(
  dir: string,
  config: ModelConfig,
  memo: ContentMemo,
  issues: Issue[],
): Promise<NamedModelFile[]> {
  const files: NamedModelFile[] = [];
  for (const named of taskOf(config).files(config)) {
    const problem = (message: string) => issues.push({ path: `/${named.field}`, message });
    const found = await readNamed(dir, named, memo);
    if (found.ok) files.push(found.file);
    else problem(found.why);
  }
  return files;
}

type Reading =
  | { readonly ok: true; readonly file: NamedModelFile }
  | { readonly ok: false; readonly why: string };

async function readNamed(dir: string, named: NamedFile, memo: ContentMemo): Promise<Reading> {
  const { field, name, maxBytes } = named;
  const refuse = (why: string) => ({ ok: false, why }) as const;
  if (name !== basename(name) || name === '..') {
    return refuse('must be the name of a file beside model.json, not a path');
  }
  try {
    const file = await stampFile(join(dir, name));
    if (file.size > maxBytes)
      return refuse(`the file "${name}" has ${file.size} bytes, and the limit is ${maxBytes}`);
    const { why, sha256 } = await memo.of(`named ${field}`, [file], async () => examine(file, named));
    return why === null ? { ok: true, file: { ...file, field, sha256 } } : refuse(why);
  } catch (error) {
    return refuse(whyUnread(name, error));
  }
}

function whyUnread(name: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no file "${name}" beside model.json`;
  return code === 'EISDIR' ? `"${name}" is a folder, and must be a file` : messageOf(error);
}

async function examine(
  { path }: ModelFile,
  named: NamedFile,
): Promise<{ why: string | null; sha256: string }> {
  const bytes = await readFile(path);
  const parsed = named.parse(bytes);
  return { why: parsed.ok ? null : parsed.why, sha256: sha256(bytes) };
}
