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
  /** Names in the output folder. */
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
  return { results, errors: (await all('errors-')).replaceAll(/^.+$/gm, withoutMessage), names };
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
