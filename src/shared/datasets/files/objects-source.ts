/**
 * The objects below a prefix of a store as rows, by the same listing rules as files. The id of a row is its URL without
 * the prefix. `at` pins the version that was listed.
 */
import type { Cursor, DatasetSpec } from '../../domain/dataset-spec.ts';
import { InvariantError } from '../../errors.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { inputError } from '../../stores/input-error.ts';
import type { Entry } from '../../stores/store.ts';
import type { Stores } from '../../stores/stores.ts';
import { countUpTo } from '../count-up-to.ts';
import type { SkippedCounter } from '../skipped-counter.ts';
import type { DatasetSource } from '../source.ts';
import { explainEmpty } from '../listing/explain-empty.ts';
import { createGlobFilter, type GlobFilter } from '../listing/glob-filter.ts';
import { createExplicitInclude, isLeftOut } from '../listing/listing-rule.ts';
import { singleFile } from './single-file.ts';

type FilesSpec = Extract<DatasetSpec, { type: 'files' }>;

interface Listed {
  readonly id: string;
  readonly version: string | null;
}

/** `spec.root`: from objectFolder. `skips`: tells which objects belong to others. */
export function createObjectsSource(
  spec: FilesSpec,
  stores: Pick<Stores, 'listing'> | undefined,
  skips: (url: string) => boolean = () => false,
): DatasetSource {
  const { root, only, include, exclude, ignore_case, listing = 1 } = spec;
  if (only !== undefined) return singleFile(only);
  if (stores === undefined) throw new InvariantError(`no store for ${root}`);

  async function* list(
    filter: GlobFilter,
    after: string | null,
    signal: AbortSignal,
    onSkip: SkippedCounter['add'],
  ): AsyncGenerator<Listed> {
    const isExplicit = createExplicitInclude(include, ignore_case);
    const turn = createTurn();
    for await (const { url, version } of entries(stores!, root, after, signal)) {
      if (turn.isOver()) await turn.next();
      const id = url.slice(root.length);
      // Tools that show folders create such empty objects.
      if (id === '' || id.endsWith('/')) continue;
      if (skips(url)) onSkip('private_folders', id);
      else if (isHidden(id)) onSkip('hidden', id);
      else if (!filter.file(id)) continue;
      else if (isLeftOut(listing, id, nameIn(id), isExplicit)) onSkip('not_images', id);
      else yield { id, version };
    }
  }

  const filterOf = () => createGlobFilter(include, exclude, ignore_case);
  return {
    async *read(from, signal, skipped) {
      let index = from?.index ?? 0;
      const onSkip: SkippedCounter['add'] = (reason, id) => skipped?.add(reason, id);
      for await (const { id, version } of list(filterOf(), afterOf(root, from), signal, onSkip)) {
        const row = version === null ? { id } : { id, at: version };
        yield { row, cursor: { index: ++index, at: id } };
      }
    },
    count: async (limit, signal) => countUpTo(limit, list(filterOf(), null, signal, ignore)),
    async whyEmpty(signal) {
      return explainEmpty(spec, (filter) => list(filter, null, signal, ignore));
    },
  };
}

const ignore = () => {};

async function* entries(
  stores: Pick<Stores, 'listing'>,
  root: string,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  try {
    yield* (await stores.listing(root)).list(root, after, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw inputError(`Cannot list ${root}`, error);
  }
}

function afterOf(root: string, from: Cursor | null): string | null {
  return from === null || from.index === 0 ? null : root + from.at;
}

function isHidden(id: string): boolean {
  return id.startsWith('.') || id.includes('/.');
}

function nameIn(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
