/**
 * Keeps graphs on disk that onnxruntime has optimised for this processor, if loading them is faster than optimising
 * again (ADR 6). The first start times the original. The second one keeps the optimised graph. The third one times that
 * graph, and deletes it unless it is clearly faster. So no start loads a graph twice. A problem of the cache is never
 * an error.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { providerName, type ExecutionProvider } from '../../../shared/domain/model/execution-providers.ts';
import type { ModelCache } from '../messages.ts';
import { machineKey } from './machine-key.ts';
import { onnxruntimeVersion, type OnnxSession, type SessionOptions } from './onnx-session.ts';

export interface GraphRequest {
  readonly path: string;
  readonly threads: number;
  readonly providers: readonly ExecutionProvider[];
  readonly cache: ModelCache | null;
  /** Whether this lane creates and judges kept graphs. One lane of a worker is enough. */
  readonly mayWriteCache: boolean;
}

/** A graph that loads faster than this is not worth keeping. The start of a lane alone takes twice as long. */
const WORTHWHILE_MS = 150;
/** A kept graph must take less than this share of the original's time. */
const PAYS_BELOW = 0.8;
/** Bytes on disk for all models. The least recently used graphs are deleted first. */
const KEPT_BYTES = 2 ** 31;

interface Note {
  /** CPU time of loading the original, in ms. */
  readonly originalMs: number;
  /**
   * Size of the kept graph. Null: not created yet. 0: none is kept, because it gains too little, its weights are in
   * separate files, or it cannot be saved.
   */
  readonly bytes: number | null;
  /** CPU time of loading the kept graph, in ms. Null: not tried yet. */
  readonly keptMs: number | null;
}

type CreateSession = (options: SessionOptions) => Promise<OnnxSession>;

/** Throws as `create` does for the original. */
export async function openGraph(request: GraphRequest, create: CreateSession): Promise<OnnxSession> {
  const { path, threads, providers, cache, mayWriteCache } = request;
  const original = { path, threads, providers };
  // Other providers compile for their device and refuse to save the result.
  if (cache === null || providers.some((provider) => providerName(provider) !== 'cpu'))
    return create(original);
  const place = placeOf(cache);
  const note = await readNote(place.note);
  if (note?.bytes) return (await openKept(place, note, request, create)) ?? create(original);
  if (note?.bytes === 0 || !mayWriteCache) return create(original);
  if (note === null) return measure(place, original, create);
  return (await fill(place, note, original, cache, create)) ?? create(original);
}

interface Place {
  readonly folder: string;
  readonly graph: string;
  readonly note: string;
}

function placeOf({ dir, hash }: ModelCache): Place {
  const folder = join(dir, 'graphs');
  const name = `${hash}-${onnxruntimeVersion}-${machineKey()}`;
  return { folder, graph: join(folder, `${name}.onnx`), note: join(folder, `${name}.json`) };
}

async function measure(place: Place, original: SessionOptions, create: CreateSession): Promise<OnnxSession> {
  const { session, cpuMs } = await timedSession(create, original);
  const keep = cpuMs >= WORTHWHILE_MS && (await isSelfContained(original.path));
  await mkdir(place.folder, { recursive: true })
    .then(async () => writeNote(place.note, { originalMs: cpuMs, bytes: keep ? null : 0, keptMs: null }))
    .catch(() => undefined);
  return session;
}

/**
 * Loads the original and keeps the optimised graph. Returns null if nothing was loaded. If the graph cannot be kept,
 * the note prevents a second attempt. If the model was replaced after it was hashed, the note does not change, because
 * the attempt says nothing about the graph that has the hash.
 */
async function fill(
  place: Place,
  note: Note,
  original: SessionOptions,
  cache: ModelCache,
  create: CreateSession,
): Promise<OnnxSession | null> {
  const temporary = `${place.graph}.${process.pid}.tmp`;
  const isUnchanged = async () => hasHash(dirname(original.path), cache.hash);
  let session: OnnxSession | null = null;
  try {
    await writeFile(temporary, '');
    session = await create({ ...original, saveTo: temporary });
    if (await isUnchanged()) await keep(temporary, place, note);
  } catch {
    // For example, the disk is full or read-only, or onnxruntime cannot save the graph.
    if (await isUnchanged()) await writeNote(place.note, { ...note, bytes: 0 }).catch(() => undefined);
    await rm(place.graph, { force: true }).catch(() => undefined);
  }
  await rm(temporary, { force: true }).catch(() => undefined);
  return session;
}

async function keep(temporary: string, place: Place, note: Note): Promise<void> {
  const { size } = await stat(temporary);
  await sync(temporary);
  await rename(temporary, place.graph);
  await writeNote(place.note, { ...note, bytes: size });
  await makeRoom(place).catch(() => undefined);
}

/** Returns null and deletes the kept graph if it cannot be loaded. */
async function openKept(
  place: Place,
  note: Note,
  { threads, providers, mayWriteCache }: GraphRequest,
  create: CreateSession,
): Promise<OnnxSession | null> {
  try {
    const { size } = await stat(place.graph);
    if (size !== note.bytes) throw new Error(`${size} bytes instead of the ${note.bytes} that were written`);
    const kept = { path: place.graph, threads, providers, optimised: true };
    const { session, cpuMs } = await timedSession(create, kept);
    if (mayWriteCache) await judge(place, note, cpuMs).catch(() => undefined);
    return session;
  } catch {
    await rm(place.note, { force: true }).catch(() => undefined);
    await rm(place.graph, { force: true }).catch(() => undefined);
    return null;
  }
}

async function judge(place: Place, note: Note, cpuMs: number): Promise<void> {
  const now = new Date();
  if (note.keptMs !== null) return utimes(place.graph, now, now);
  const pays = cpuMs < note.originalMs * PAYS_BELOW;
  await writeNote(place.note, { ...note, keptMs: cpuMs, bytes: pays ? note.bytes : 0 });
  if (!pays) await rm(place.graph, { force: true });
}

/** CPU time is meaningful even if several lanes load at once or the disk is slow. */
async function timedSession(create: CreateSession, options: SessionOptions) {
  const cpu = process.cpuUsage();
  const session = await create(options);
  const { user, system } = process.cpuUsage(cpu);
  return { session, cpuMs: (user + system) / 1000 };
}

/** Weights in separate files would be copied into the kept graph. They can be gigabytes that the original only maps. */
async function isSelfContained(path: string): Promise<boolean> {
  const { findExternalData } = await import('../../../shared/models/external-data.ts');
  return findExternalData(path).then(
    (external) => external.length === 0,
    () => false,
  );
}

async function hasHash(dir: string, hash: string): Promise<boolean> {
  // Imported only here, because most lanes start without reading a config.
  const { loadModelFolder } = await import('../../../shared/models/model-folder.ts');
  return loadModelFolder(dir).then(
    ({ ref }) => ref.hash === hash,
    () => false,
  );
}

async function makeRoom({ folder, graph: except }: Place): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.onnx'));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // Another process may have deleted it.
      const stats = await stat(path).catch(() => null);
      return stats && { path, size: stats.size, mtimeMs: stats.mtimeMs };
    }),
  );
  const files = found.filter((file) => file !== null);
  let held = files.reduce((sum, file) => sum + file.size, 0);
  for (const { path, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (held <= KEPT_BYTES) return;
    if (path === except) continue;
    await rm(path.replace(/onnx$/, 'json'), { force: true });
    await rm(path, { force: true });
    held -= size;
  }
}

async function readNote(path: string): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(path, 'utf8')) as Note;
    return Number.isFinite(note.originalMs) && Number.isInteger(note.bytes ?? 0) ? note : null;
  } catch {
    return null;
  }
}

async function writeNote(path: string, note: Note): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(note));
  await rename(temporary, path);
}

/** Flushes the file, so that after a power cut its name cannot refer to lost content. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
