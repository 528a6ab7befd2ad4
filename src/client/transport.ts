/** Sends requests to the service, and turns failures into the errors of the client. */
import { problemOf, UnreachableError } from './problem-error.ts';

export interface ClientOptions {
  readonly url: string;
  /** Needed if the service requires keys. It is sent only to `url`. */
  readonly apiKey?: string;
  /** Default: the global fetch. */
  readonly fetch?: typeof fetch;
}

export interface Transport {
  /** The service's URL without a slash at its end. */
  readonly base: string;
  /** Rejects with ProblemError or UnreachableError, or as `fetch` does once the signal is aborted. */
  readonly send: (path: string, init?: RequestInit) => Promise<Response>;
  /** Sends a request and parses its JSON answer. Rejects as `send` does. */
  readonly call: <T>(path: string, init?: RequestInit) => Promise<T>;
}

export function createTransport(options: ClientOptions): Transport {
  const base = options.url.replace(/\/+$/, '');
  const doFetch = options.fetch ?? fetch;
  const auth = options.apiKey === undefined ? {} : { Authorization: `Bearer ${options.apiKey}` };

  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await doFetch(`${base}${path}`, {
        ...init,
        headers: { ...(init.headers as Record<string, string> | undefined), ...auth },
      });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new UnreachableError(base, error);
    }
    if (!response.ok) {
      const problem = await problemOf(response);
      init.signal?.throwIfAborted();
      throw problem;
    }
    return response;
  }

  async function call<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await send(path, init);
    try {
      return (await response.json()) as T;
    } catch (error) {
      if (init?.signal?.aborted) throw error;
      throw new UnreachableError(base, error);
    }
  }

  return { base, send, call };
}
