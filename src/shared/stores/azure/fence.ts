/**
 * An empty blob that exists for a moment, to make a server forget the blocks that were sent for a name
 * (docs/adr/0035-azure.md). Its metadata tells it from a file. To Forebay, a fence is a name without a blob. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';

const NAME = 'forebayfence';

export const FENCE_HEADERS = { [`x-ms-meta-${NAME}`]: '1' } as const;

export function isFenceHeaders(headers: IncomingHttpHeaders): boolean {
  return headers[`x-ms-meta-${NAME}`] !== undefined;
}

export function isFenceMetadata(metadata: Readonly<Record<string, string>>): boolean {
  return metadata[NAME] !== undefined;
}

/** The folder beside a blob with what is staged for it. Tools skip names that begin with a dot. */
const STAGED = '.forebay-staged';
const STAGED_BLOB = new RegExp(`^(.*/)${STAGED.replace('.', '\\.')}/([^/]+)/([^/]+)$`, 's');

/** `az://c/out/part-1` -> `az://c/out/.forebay-staged/part-1`. Also for the beginning of a name. */
export function stagedFolder(url: string): string {
  const slash = url.lastIndexOf('/') + 1;
  return `${url.slice(0, slash)}${STAGED}/${url.slice(slash)}`;
}

/** The URL and id of what this blob is staged for. Null: it is not staged. */
export function stagedAt(url: string): { readonly url: string; readonly id: string } | null {
  const [, folder, name, id] = STAGED_BLOB.exec(url) ?? [];
  return folder === undefined ? null : { url: folder + name!, id: id! };
}

export function isStagedFolder(name: string): boolean {
  return name === STAGED;
}
