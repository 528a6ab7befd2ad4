/**
 * Tells an outage of the operator's store from an object that cannot be read. In an outage, the rows wait: the run of
 * their block fails, and the block is run again. An object that stays unreadable while its store answers costs one row.
 */
import { ForebayError } from '../../../shared/errors.ts';
import { bucketUrl } from '../../../shared/stores/object-url.ts';
import type { Stores } from '../../../shared/stores/stores.ts';

/** Not a failure of one row. */
export class StoreOutage extends ForebayError {
  constructor(url: string, cause: ForebayError) {
    const bucket = bucketUrl(url).slice(0, -1);
    super('storage_unavailable', `${bucket} cannot be read: ${cause.message}`, { cause });
  }
}

export interface OutageCheck {
  /** Reads something in an object store. Rejects with StoreOutage if the store fails, too. */
  run<T>(url: string, signal: AbortSignal, read: () => Promise<T>): Promise<T>;
}

/** The store may have recovered between a failure and the question whether it answers. So an object gets two chances. */
const ROUNDS = 2;
/** A store that takes longer to answer is down. */
const ANSWER_MS = 5_000;
/** Forebay never writes it. "It does not exist" and "access denied" are answers, too. */
const PROBE = '.forebay-probe';

export function createOutageCheck(stores: Pick<Stores, 'of'>): OutageCheck {
  /** Many rows fail together, and ask together. */
  const asking = new Map<string, Promise<boolean>>();

  async function answers(url: string): Promise<boolean> {
    const probe = bucketUrl(url) + PROBE;
    const known = asking.get(probe);
    if (known !== undefined) return known;
    const asked = ask(probe).finally(() => asking.delete(probe));
    asking.set(probe, asked);
    return asked;
  }

  async function ask(probe: string): Promise<boolean> {
    const tooLate = AbortSignal.timeout(ANSWER_MS);
    try {
      await (await stores.of(probe)).stat(probe, tooLate);
      return true;
    } catch (error) {
      return !tooLate.aborted && error instanceof ForebayError && !error.retryable;
    }
  }

  return {
    async run(url, signal, read) {
      for (let round = 1; ; round++) {
        try {
          return await read();
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ForebayError) || !error.retryable) throw error;
          const isUp = await answers(url);
          signal.throwIfAborted();
          if (!isUp) throw new StoreOutage(url, error);
          if (round === ROUNDS) throw error;
        }
      }
    },
  };
}

/** For programs without a service, such as `forebay tune`. There, each failure concerns only its row. */
export const NO_OUTAGES: OutageCheck = { run: async (_url, _signal, read) => read() };
