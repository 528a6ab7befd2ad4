/** Resolves a path in a request to the real path of something that the job may read. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ForebayError, messageOf } from '../../../../shared/errors.ts';
import { isMissing } from '../../../../shared/files/is-missing.ts';
import { createInputRule, whyRefused, type InputFolders } from '../../../../shared/files/input-folders.ts';
import { otherSpelling } from '../../../../shared/files/other-spelling.ts';

export interface InputPathOptions extends InputFolders {
  /** The setting with which an operator adds a root, for the error message. */
  readonly rootSetting?: string;
}

export interface InputPath {
  /** Links are resolved. */
  readonly path: string;
  readonly isFolder: boolean;
}

export interface InputPaths {
  /** Relative paths start at the first input root. Throws ForebayError `invalid_request`. */
  absolute(path: string): string;
  /** Whether an absolute path exists. */
  exists(path: string): Promise<boolean>;
  /** Rejects with ForebayError `path_not_allowed`, `input_not_found`, `input_unreadable`, `invalid_request`. */
  find(given: string, tenant: string): Promise<InputPath>;
}

export function createInputPaths(options: InputPathOptions): InputPaths {
  const { inputRoots, rootSetting = 'FOREBAY_INPUT_ROOTS' } = options;
  const rule = createInputRule(options);

  function absolute(path: string): string {
    if (path.includes('\0')) throw new ForebayError('invalid_request', 'The path holds a NUL character.');
    return resolve(inputRoots[0] ?? '/', path);
  }

  async function find(given: string, tenant: string): Promise<InputPath> {
    const wanted = absolute(given);
    const { real, missing } = await realPart(wanted);
    // A missing path is checked by its existing part, so that callers cannot probe for files elsewhere.
    const verdict = rule(real, tenant);
    if (verdict !== 'allowed') {
      const roots = inputRoots.join(', ') || '(none configured)';
      const fix =
        verdict === 'outside'
          ? `Inputs are read from: ${roots}. Put the data there, or add its folder to ${rootSetting}.`
          : `Choose another folder below ${roots}.`;
      throw new ForebayError('path_not_allowed', `${given} ${whyRefused(verdict)}. ${fix}`);
    }
    if (missing) throw await notThere(wanted);
    const found = await stat(real).catch((error: unknown) => Promise.reject(unreadable(real, error)));
    if (!found.isDirectory() && !found.isFile()) {
      throw new ForebayError('input_unreadable', `${wanted} is neither a file nor a folder.`);
    }
    return { path: real, isFolder: found.isDirectory() };
  }

  return {
    absolute,
    find,
    async exists(path) {
      return stat(path).then(
        () => true,
        () => false,
      );
    },
  };
}

async function notThere(path: string): Promise<ForebayError> {
  const hint = await otherSpelling(path);
  return new ForebayError('input_not_found', `${path} does not exist${hint === null ? '' : `; ${hint}`}.`);
}

/** The real path. For a missing path, only the part that exists is resolved, and the missing part is appended. */
async function realPart(path: string): Promise<{ real: string; missing: boolean }> {
  for (let part = path; ; part = dirname(part)) {
    try {
      return { real: join(await realpath(part), path.slice(part.length)), missing: part !== path };
    } catch (error) {
      if (!isMissing(error)) throw unreadable(path, error);
    }
  }
}

/** Rejects with ForebayError `input_unreadable`. */
export async function checkReadable({ path, isFolder }: InputPath): Promise<void> {
  try {
    await access(path, isFolder ? constants.R_OK | constants.X_OK : constants.R_OK);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): ForebayError {
  return new ForebayError('input_unreadable', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
}
