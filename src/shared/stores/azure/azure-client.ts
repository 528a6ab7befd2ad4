/**
 * Sends authorised requests to the blobs of storage accounts. Azure's own library for this needs Node 22
 * (docs/adr/0035-azure.md). Does not retry, except with the time of the server.
 */
import type { Dispatcher } from 'undici';
import type { ForebayError } from '../../errors.ts';
import { isSuccess } from '../../net/is-success.ts';
import { retryAfter } from '../../net/retry-after.ts';
import { encodeReserved } from '../remote/encode-reserved.ts';
import { createAgent, errorTextOf, queryText, type ObjectClientOptions } from '../remote/object-client.ts';
import { createServerClock, type ServerClock } from '../remote/server-clock.ts';
import { settingsFor } from '../settings-for.ts';
import { findAccount, type AzureAccount } from './azure-account.ts';
import { azureError } from './azure-error.ts';
import type { AzureSettings } from './azure-settings.ts';
import { readErrorBody } from './azure-xml.ts';
import { sharedKey } from './shared-key.ts';

export interface AzureRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly bucket: string;
  /** Null: the container itself. */
  readonly key: string | null;
  /** For errors, and to choose the settings. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Error codes that are answers, not failures. */
  readonly answers?: readonly string[];
}

export interface AzureResponse extends Dispatcher.ResponseData {
  /** Empty if the request succeeded. */
  readonly code: string;
}

export interface AzureClient {
  /**
   * The response if its status is 2xx, or its code is one of `answers`. Rejects with ForebayError otherwise, or with the
   * errors of undici.
   */
  send(wanted: AzureRequest, signal: AbortSignal): Promise<AzureResponse>;
  close(): Promise<void>;
}

export type AzureClientOptions = ObjectClientOptions<AzureSettings>;

/** All emulators and clouds of the last years know it. */
const VERSION = '2021-12-02';
/** Azure refuses times that differ by 15 minutes. */
const CLOCK_MS = 5 * 60_000;

export function createAzureClient(options: AzureClientOptions): AzureClient {
  const { userAgent } = options;
  const agent = createAgent(options);
  const placeOf = createPlaces(options);

  async function attempt(
    { account, clock }: Place,
    wanted: AzureRequest,
    now: number,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { method, bucket, key, body } = wanted;
    const base = new URL(account.endpoint);
    const parts = key === null ? [bucket] : [bucket, ...key.split('/')];
    const path = `${base.pathname.replace(/\/$/, '')}/${parts.map(encodeReserved).join('/')}`;
    const { authority } = account;
    const plain: Record<string, string> = {
      'x-ms-date': new Date(now).toUTCString(),
      'x-ms-version': VERSION,
      ...wanted.headers,
    };
    const query = { ...wanted.query, ...(authority.kind === 'sas' && authority.query) };
    const bodyBytes = body === undefined ? 0 : Buffer.byteLength(body);
    if (authority.kind === 'key') {
      const request = { method, path, query, headers: plain, bodyBytes };
      plain['authorization'] = sharedKey(authority.account, authority.key, request);
    } else if (authority.kind === 'token') {
      plain['authorization'] = `Bearer ${await authority.find()}`;
    }
    const response = await agent.request({
      origin: base.origin,
      method,
      path: path + queryText(query),
      headers: { ...plain, 'user-agent': userAgent, 'accept-encoding': 'identity' },
      ...(method === 'PUT' && { body: body ?? '' }),
      signal,
    });
    clock.read(response.headers);
    return response;
  }

  return {
    async send(wanted, signal) {
      const place = placeOf(wanted.url);
      const now = place.clock.now();
      const response = await attempt(place, wanted, now, signal);
      if (isSuccess(response.statusCode)) return { ...response, code: '' };
      const failure = await failureOf(response, wanted, place, signal);
      if (wanted.answers?.includes(failure.code) === true) return { ...response, code: failure.code };
      const isLate = failure.code === 'AuthenticationFailed' && Math.abs(place.clock.now() - now) > CLOCK_MS;
      if (!isLate) throw failure.error;
      const again = await attempt(place, wanted, place.clock.now(), signal);
      if (isSuccess(again.statusCode)) return { ...again, code: '' };
      const second = await failureOf(again, wanted, place, signal);
      if (wanted.answers?.includes(second.code) === true) return { ...again, code: second.code };
      throw second.error;
    },
    close: async () => agent.destroy(),
  };
}

/** One entry of the settings, in use. */
interface Place {
  readonly account: AzureAccount;
  readonly clock: ServerClock;
}

function createPlaces({ settings: all, env }: AzureClientOptions): (url: string) => Place {
  const places = new Map<AzureSettings, Place>();
  return (url) => {
    const settings = settingsFor(all, url);
    let place = places.get(settings);
    if (place === undefined) {
      place = { account: findAccount(settings, env), clock: createServerClock() };
      places.set(settings, place);
    }
    return place;
  };
}

/** Reads the body to its end. */
async function failureOf(
  response: Dispatcher.ResponseData,
  { method, url }: AzureRequest,
  { account }: Place,
  signal: AbortSignal,
): Promise<{ readonly error: ForebayError; readonly code: string }> {
  const { statusCode: status, headers } = response;
  const body = readErrorBody(await errorTextOf(response.body, signal));
  // The answer to a HEAD has no body.
  const named = headers['x-ms-error-code'];
  const code = typeof named === 'string' ? named : body.code;
  const isBlob = status === 404 && !code.startsWith('Container');
  const error = azureError({
    status,
    code,
    message: body.message,
    url,
    endpoint: account.endpoint,
    writes: method === 'PUT' || method === 'DELETE',
    ...retryAfter(headers['retry-after']),
  });
  return { error, code: isBlob ? 'BlobNotFound' : code };
}
