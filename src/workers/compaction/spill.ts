/**
 * Sorts lines by key on the disk of this machine, in constant memory. The file has no name once it is open, so a worker
 * that is killed leaves nothing.
 */
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Lines in memory before they go to the file. */
const MEMORY_CHARS = 16 * 1024 * 1024;

interface Extent {
  readonly at: number;
  readonly bytes: number;
}

interface Group {
  lines: string[];
  readonly extents: Extent[];
}

export type Spill = Awaited<ReturnType<typeof openSpill>>;

/** `name`: unique in the folder. */
export async function openSpill(folder: string, name: string, memoryChars = MEMORY_CHARS) {
  const groups = new Map<string, Group>();
  let file: FileHandle | null = null;
  let chars = 0;
  let end = 0;

  async function opened(): Promise<FileHandle> {
    if (file !== null) return file;
    await mkdir(folder, { recursive: true });
    const path = join(folder, name);
    file = await open(path, 'wx+');
    await rm(path);
    return file;
  }

  async function flush(): Promise<void> {
    const to = await opened();
    for (const group of groups.values()) {
      if (group.lines.length === 0) continue;
      const bytes = Buffer.from(group.lines.join(''));
      await to.writeFile(bytes);
      group.extents.push({ at: end, bytes: bytes.length });
      end += bytes.length;
      group.lines = [];
    }
    chars = 0;
  }

  return {
    get size(): number {
      return groups.size;
    },
    has: (key: string): boolean => groups.has(key),
    /** In ascending order. */
    keys: (): string[] => [...groups.keys()].toSorted(),
    async add(key: string, line: string): Promise<void> {
      let group = groups.get(key);
      if (group === undefined) groups.set(key, (group = { lines: [], extents: [] }));
      group.lines.push(line);
      chars += line.length;
      if (chars >= memoryChars) await flush();
    },
    /** The lines of a key in the order in which they were added, as text of whole lines. */
    async *read(key: string): AsyncGenerator<string, void, undefined> {
      const { extents, lines } = groups.get(key) ?? { extents: [], lines: [] };
      for (const { at, bytes } of extents) {
        const { buffer, bytesRead } = await file!.read(Buffer.allocUnsafe(bytes), 0, bytes, at);
        if (bytesRead < bytes) throw new Error('the file of a compaction became shorter');
        yield buffer.toString('utf8');
      }
      if (lines.length > 0) yield lines.join('');
    },
    close: async (): Promise<void> => file?.close(),
  };
}
