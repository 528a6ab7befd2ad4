// What a job has left on disk, in a form that is comparable between runs in different folders.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from './cluster.ts';

export interface Outcome {
  /** All result lines, in row order, as `cat part-*` shows them. */
  readonly results: string;
  /**
   * Index, id and code of all errors, in row order. Messages are left out, because the wording of libvips depends on
   * which other images it decodes.
   */
  readonly errors: string;
  /** Names in the output folder. */
  readonly names: readonly string[];
}

export function outcomeOf(folder: string): Outcome {
  const names = namesIn(folder);
  const all = (prefix: string) =>
    names
      .filter((name) => name.startsWith(prefix))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  return { results: all('part-'), errors: all('errors-').replaceAll(/^.+$/gm, withoutMessage), names };
}

function withoutMessage(line: string): string {
  const { index, id, error } = JSON.parse(line) as { index: number; id: string; error: { code: string } };
  return `${index} ${id} ${error.code}`;
}

interface Manifest {
  readonly status: string;
  readonly rows: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly parts: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly errors: { readonly name: string; readonly sha256: string } | null;
  }[];
}

/** Returns the manifest, and a list of its contradictions with the files. */
export function readManifest(folder: string): { manifest: Manifest; wrong: string[] } {
  const read = (name: string) => readFileSync(join(folder, name));
  const manifest = JSON.parse(read('manifest.json').toString('utf8')) as Manifest;
  const listed = manifest.parts.flatMap(({ name, sha256, errors }) =>
    errors ? [{ name, sha256 }, errors] : [{ name, sha256 }],
  );
  const wrong = listed
    .filter(({ name, sha256 }) => createHash('sha256').update(read(name)).digest('hex') !== sha256)
    .map(({ name }) => `the manifest has another hash for ${name}`);
  const there = namesIn(folder).filter((name) => /^(part|errors)-/.test(name));
  const missing = there.filter((name) => !listed.some((part) => part.name === name));
  return { manifest, wrong: [...wrong, ...missing.map((name) => `${name} is not in the manifest`)] };
}
