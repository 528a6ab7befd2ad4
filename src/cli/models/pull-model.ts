/** `forebay models pull URL --sha256 HEX`: nothing of an archive is unpacked before its SHA-256 is verified. */
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../../shared/config/config.ts';
import { messageOf } from '../../shared/errors.ts';
import { isModel } from '../../shared/models/model-dirs.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import { createGuardedFetch } from '../../shared/net/guarded-fetch.ts';
import { codeIn } from '../../shared/tasks/pipeline/pipeline-config.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { toSettings } from '../options/service-flags.ts';
import { placedText, type AddFlags } from './add-model.ts';
import { modelsFolder, withHiddenFolder } from './models-folder.ts';
import { placeModel } from './place-model.ts';
import { unpackTar } from './unpack-tar.ts';

export interface PullFlags extends AddFlags {
  readonly sha256: string;
  readonly allowCode?: true;
}

/** A slow connection needs this long for a few gigabytes. The download fails if nothing arrives for STALL_MS. */
const TIMEOUT_MS = 12 * 3600 * 1000;
const STALL_MS = 60_000;
const MAX_BYTES = 2 ** 37;

export async function pullModel(url: string, flags: PullFlags, context: CliContext): Promise<number> {
  const wanted = flags.sha256.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(wanted)) throw new UsageError('--sha256 must be 64 hexadecimal digits');
  const modelsDir = modelsFolder(flags, context);
  const { fetchAllow } = readConfig({ ...context.env, ...toSettings(flags) }, context.cwd);
  const placed = await withHiddenFolder(modelsDir, async (hidden) => {
    const archive = join(hidden, 'archive');
    const found = await download(url, archive, fetchAllow);
    if (found !== wanted)
      throw new Error(`the archive has the SHA-256 ${found}, not ${wanted}: it is another file, or damaged`);
    const unpacked = join(hidden, 'unpacked');
    await unpackTar(archive, unpacked);
    const check = flags.allowCode === true ? undefined : refuseCode;
    return placeModel(await modelIn(unpacked), modelsDir, { as: flags.as, ...(check && { check }) });
  });
  context.terminal.out(placedText(placed));
  return EXIT.ok;
}

function refuseCode({ config }: ModelFolder): void {
  const code = codeIn(config);
  if (code === null) return;
  throw new UsageError(
    `"${config.name}" ${code}: workers would run the code in this archive, with the rights of their user. Nothing was added. If you trust the code, add --allow-code`,
  );
}

/** Returns the SHA-256 of what it has written. */
async function download(url: string, path: string, allow: readonly string[]): Promise<string> {
  const client = createGuardedFetch({
    allow,
    timeoutMs: TIMEOUT_MS,
    stallMs: STALL_MS,
    maxBytes: MAX_BYTES,
    maxRatio: Infinity,
    httpsOnly: true,
    userAgent: 'forebay',
  });
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  // Without these handlers, Ctrl-C would leave the partial download behind.
  const stop = new AbortController();
  const end = () => stop.abort(new Error('stopped before the download was complete'));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await client.fetchChunks(url, stop.signal, async (chunk) => {
      hash.update(chunk);
      await file.writeFile(chunk);
    });
  } catch (error) {
    throw isPrivate(error)
      ? new UsageError(
          `${url} does not have a public address; allow it with --fetch-allow ${new URL(url).hostname}`,
        )
      : new Error(`cannot download ${url}: ${messageOf(error)}`, { cause: error });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await file.close();
    await client.close();
  }
  return hash.digest('hex');
}

function isPrivate(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message: string };
  return code === 'url_not_allowed' && message.includes('not a public address');
}

/** The unpacked folder itself, or the only folder in it. */
async function modelIn(unpacked: string): Promise<string> {
  const names: string[] = await readdir(unpacked).catch(() => []);
  for (const dir of [unpacked, ...(names.length === 1 ? [join(unpacked, names[0]!)] : [])]) {
    if (isModel(await readdir(dir).catch(() => []))) return dir;
  }
  throw new UsageError(
    `the archive holds no model in its top folder; make it with: tar czf NAME.tar.gz -C MODELS NAME`,
  );
}
