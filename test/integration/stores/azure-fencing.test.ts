// A writer on Azure that is frozen before any of its requests changes nothing, if a new owner takes its output over
// meanwhile.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WritableStore } from '#forebay/shared/stores/store.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { noAzurite, startAzurite, type AzureServer } from '../../support/azurite.ts';
import { startLoggingProxy } from '../../support/logging-proxy.ts';
import { storesOnAzure } from '../../support/stores.ts';

const never = new AbortController().signal;

/** Passes requests on to the server. Holds the n-th one until `meanwhile` has settled. */
interface Gate {
  readonly endpoint: string;
  /** Requests since the last `hold`. */
  passed: number;
  hold(n: number, meanwhile: () => Promise<void>): void;
  close(): Promise<void>;
}

async function startGate(origin: string): Promise<Gate> {
  let at = Infinity;
  let act = async (): Promise<void> => undefined;
  const proxy = await startLoggingProxy(origin, {
    before: async () => {
      gate.passed += 1;
      if (gate.passed === at) await act();
    },
  });
  const gate: Gate = {
    endpoint: proxy.url,
    passed: 0,
    hold(n, meanwhile) {
      [gate.passed, at, act] = [0, n, meanwhile];
    },
    close: async () => proxy.close(),
  };
  return gate;
}

describe.skipIf(noAzurite !== null)(`fencing on Azure ${noAzurite ?? ''}`, () => {
  let azure: AzureServer;
  let gate: Gate;
  let all: Stores[];
  let frozen: WritableStore;
  let owner: WritableStore;
  let folders = 0;

  beforeAll(async () => {
    azure = await startAzurite('out');
    const { origin, pathname } = new URL(azure.endpoint);
    gate = await startGate(origin);
    all = [storesOnAzure(azure, gate.endpoint + pathname), storesOnAzure(azure)];
    [frozen, owner] = (await Promise.all(all.map(async (one) => one.writable('az://out/')))) as [
      WritableStore,
      WritableStore,
    ];
  });
  afterAll(async () => {
    await Promise.all((all ?? []).map(async (one) => one.close()));
    await gate?.close();
    await azure?.stop();
  });

  const textAt = async (url: string) =>
    (await owner.stat(url, never)) === null
      ? null
      : Buffer.from(await owner.read(url, { signal: never })).toString('utf8');
  const stage = async (store: WritableStore, url: string, text: string) =>
    (await store.stage(url, async (add) => add(text))).staged;
  async function discardAll(prefix: string): Promise<void> {
    for await (const found of owner.staged(prefix, never)) await owner.discard(found);
  }
  async function left(prefix: string): Promise<string[]> {
    const urls: string[] = [];
    for await (const { url } of owner.list(prefix, null, never)) urls.push(url.slice(prefix.length));
    return urls;
  }

  /**
   * Runs `writer` once for each of its requests, frozen before it. Returns how many there were. `check` gets what
   * `meanwhile` has returned.
   */
  async function frozenAnywhere<T>(
    writer: (folder: string) => Promise<unknown>,
    meanwhile: (folder: string) => Promise<T>,
    check: (folder: string, result: unknown, then: T) => Promise<void>,
  ): Promise<number> {
    for (let n = 1; ; n++) {
      const folder = `az://out/f${++folders}/`;
      let then: T | undefined;
      gate.hold(n, async () => {
        then = await meanwhile(folder);
      });
      const result = await writer(folder);
      if (gate.passed < n) return n - 1;
      await check(folder, result, then!);
    }
  }

  const CONTENTS = [
    ['with content', 'old'],
    ['that is empty', ''],
  ] as const;

  it.each(CONTENTS)('a new file %s is not published once it was discarded', async (_, text) => {
    const writer = async (folder: string) => {
      const staged = await stage(owner, `${folder}part-1`, text);
      return frozen.publish({ ...staged }, 'new');
    };
    const takeOver = async (folder: string) => {
      await discardAll(folder);
      return textAt(`${folder}part-1`);
    };
    const seen = new Set<unknown>();
    await frozenAnywhere(writer, takeOver, async (folder, outcome, then) => {
      seen.add(outcome);
      expect([outcome, await textAt(`${folder}part-1`)]).toEqual([then === null ? 'gone' : 'stored', then]);
      expect(await left(folder)).toEqual(then === null ? [] : ['part-1']);
    });
    // Its last request removes what was staged.
    expect(seen).toEqual(new Set(['gone', 'stored']));
  });

  it.each(CONTENTS)(
    'a new file %s does not come back after the next owner has removed its name',
    async (_, text) => {
      const publishOther = async (folder: string) =>
        owner.publish(await stage(owner, `${folder}part-1`, 'of another run'), 'new');
      for (const isEarlier of [false, true]) {
        const writer = async (folder: string) => {
          const staged = await stage(owner, `${folder}part-1`, text);
          if (isEarlier) await publishOther(folder);
          return frozen.publish({ ...staged }, 'new');
        };
        const takeOver = async (folder: string) => {
          if (!isEarlier) await publishOther(folder);
          await discardAll(folder);
          expect(await (await owner.prepareRemoval(`${folder}part-1`))()).toBe(true);
        };
        await frozenAnywhere(writer, takeOver, async (folder) => expect(await left(folder)).toEqual([]));
      }
    },
  );

  it.each(CONTENTS)('a file %s replaces nothing once it was discarded', async (_, text) => {
    const writer = async (folder: string) => {
      await owner.put(`${folder}job.json`, 'first');
      const staged = await stage(owner, `${folder}job.json`, text);
      return frozen.publish({ ...staged }, 'replace');
    };
    const takeOver = async (folder: string) => {
      await discardAll(folder);
      return textAt(`${folder}job.json`);
    };
    await frozenAnywhere(writer, takeOver, async (folder, outcome, then) => {
      const texts = [outcome === 'gone' ? 'first' : text, await textAt(`${folder}job.json`)];
      expect(texts).toEqual([then, then]);
      expect(await left(folder)).toEqual(['job.json']);
      const mine = await stage(owner, `${folder}job.json`, 'mine');
      expect(await owner.publish(mine, 'replace')).toBe('stored');
    });
  });

  it('a removal leaves the file of the next owner alone', async () => {
    const writer = async (folder: string) => {
      await owner.put(`${folder}part-1`, 'old');
      return (await frozen.prepareRemoval(`${folder}part-1`))();
    };
    const takeOver = async (folder: string) => {
      await (
        await owner.prepareRemoval(`${folder}part-1`)
      )();
      await owner.publish(await stage(owner, `${folder}part-1`, 'mine'), 'new');
    };
    let prepared = 0;
    const count = await frozenAnywhere(writer, takeOver, async (folder) => {
      // A removal that is prepared only now may remove the new file. A real owner checks its lease before it sends one.
      if (++prepared > 1) expect(await textAt(`${folder}part-1`)).toBe('mine');
    });
    expect(count).toBe(3);
  });

  it('a discarder that dies before any of its requests leaves nothing that stops others', async () => {
    const url = 'az://out/crash/part-1';
    for (let n = 1; ; n++) {
      const staged = await stage(owner, url, 'old');
      gate.hold(n, async () => {
        const next = await stage(owner, url, `${n}`);
        expect(await owner.publish(next, 'new')).toBe('stored');
        expect(await textAt(url)).toBe(`${n}`);
        await discardAll('az://out/crash/');
        await (
          await owner.prepareRemoval(url)
        )();
      });
      await frozen.discard(staged);
      if (gate.passed < n) break;
      expect(await left('az://out/crash/')).toEqual([]);
    }
  });

  it('of many writers of one name at once, one wins', async () => {
    const url = 'az://out/race/part-1';
    const staged = await Promise.all(Array.from({ length: 8 }, async (_, i) => stage(owner, url, `${i}`)));
    const outcomes = await Promise.all(staged.map(async (one) => owner.publish(one, 'new')));
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'exists'), 'stored']);
    expect(await textAt(url)).toBe(`${outcomes.indexOf('stored')}`);
    await Promise.all(staged.map(async (one) => owner.discard(one)));
    expect(await left('az://out/race/')).toEqual(['part-1']);
  });
});
