// What a job has left in its output, in a form that is comparable between runs in different folders.
import { createHash } from 'node:crypto';
import type { Place } from './places.ts';

export interface Outcome {
  /** All result lines, in row order, as `cat part-*` shows them. */
  readonly results: string;
  /**
   * Index, id and code of all errors, in row order. Messages are left out, because the wording of libvips depends on
   * which other images it decodes.
   */
  readonly errors: string;
  /** Names in the output folder, without the ids of jobs. */
  readonly names: readonly string[];
}

export async function outcomeOf(place: Place, output: string): Promise<Outcome> {
  const names = await place.names(output);
  const all = async (prefix: string) => {
    let text = '';
    for (const name of names.filter((found) => found.startsWith(prefix))) {
      text += (await place.read(output, name)).toString('utf8');
    }
    return text;
  };
  const results = await all('part-');
  const errors = (await all('errors-')).replaceAll(/^.+$/gm, withoutMessage);
  return { results, errors, names: names.map((name) => name.replace(/job_[0-9A-Z]{26}/, 'JOB')) };
}

function withoutMessage(line: string): string {
  const { index, id, error } = JSON.parse(line) as { index: number; id: string; error: { code: string } };
  return `${index} ${id} ${error.code}`;
}

/** The rows of an outcome's errors by code. */
export function errorsByCode({ errors }: Pick<Outcome, 'errors'>): Map<string, number> {
  const codes = new Map<string, number>();
  for (const line of errors.split('\n').filter((text) => text !== '')) {
    const code = line.slice(line.lastIndexOf(' ') + 1);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  return codes;
}

interface Manifest {
  readonly status: string;
  readonly rows: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly errors_by_code: Readonly<Record<string, number>>;
  readonly parts: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly errors: { readonly name: string; readonly sha256: string } | null;
  }[];
}

/** Returns the manifest, and a list of its contradictions with the files. */
export async function readManifest(
  place: Place,
  output: string,
): Promise<{ manifest: Manifest; wrong: string[] }> {
  const text = (await place.read(output, 'manifest.json')).toString('utf8');
  const manifest = JSON.parse(text) as Manifest;
  const listed = manifest.parts.flatMap(({ name, sha256, errors }) =>
    errors ? [{ name, sha256 }, errors] : [{ name, sha256 }],
  );
  const wrong: string[] = [];
  for (const { name, sha256 } of listed) {
    const hash = createHash('sha256')
      .update(await place.read(output, name))
      .digest('hex');
    if (hash !== sha256) wrong.push(`the manifest has another hash for ${name}`);
  }
  const there = (await place.names(output)).filter((name) => /^(part|errors)-/.test(name));
  const missing = there.filter((name) => !listed.some((part) => part.name === name));
  return { manifest, wrong: [...wrong, ...missing.map((name) => `${name} is not in the manifest`)] };
}
