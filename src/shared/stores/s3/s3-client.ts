/**
 * Sends signed requests to S3. The SDK's signer with undici takes a third of the CPU time of the whole SDK
 * (docs/adr/0020-s3-client.md). Does not retry, except in the region that a server names, and
 * with the time of the server.
 */
import { SignatureV4 } from '@smithy/signature-v4';
import type { Dispatcher } from 'undici';
import { ForebayError } from '../../errors.ts';
import { retryAfter } from '../../net/retry-after.ts';
import { sha256 } from '../../text/sha256.ts';
import { createCredentials } from './credentials.ts';
import { s3Error } from './s3-error.ts';
import { settingsFor } from '../settings-for.ts';
import { isRegion, type S3Settings } from './s3-settings.ts';
import { FIRST_REGION, s3Target } from './s3-target.ts';
import { readErrorBody } from './s3-xml.ts';
import {
  createAgent,
  errorTextOf,
  isSuccess,
  queryText,
  type ObjectClientOptions,
} from '../remote/object-client.ts';
import { createServerClock, type ServerClock } from '../remote/server-clock.ts';
import { Sha256 } from './sha256.ts';

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly bucket: string;
  /** Null: the bucket itself. */
  readonly key: string | null;
  /** For errors, and to choose the settings. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Statuses that are answers, not failures. Their bodies are small. */
  readonly answers?: readonly number[];
}

/** A signed request that the server refuses some time after it was made. */
export interface TimedRequest {
  /** By the clock of the server. */
  readonly validMs: number;
  /** As if it had been made this long ago. */
  readonly ageMs: number;
}

export interface S3Client {
  /** The response if its status is 2xx. Rejects with ForebayError otherwise, or with the errors of undici. */
  send(wanted: S3Request, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
  /**
   * Signs a request without a body now, for sending later. Its time is that of the server, so the clock of this machine
   * does not matter. An answer of the server must have come before. Rejects with ForebayError `access_denied` if
   * requests are not signed.
   */
  prepare(
    wanted: Pick<S3Request, 'method' | 'bucket' | 'key' | 'url' | 'answers'>,
    timed: TimedRequest,
  ): Promise<(signal: AbortSignal) => Promise<Dispatcher.ResponseData>>;
  close(): Promise<void>;
}

export type S3ClientOptions = ObjectClientOptions<S3Settings>;

/** SHA-256 of nothing. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export function createS3Client(options: S3ClientOptions): S3Client {
  const { userAgent } = options;
  const agent = createAgent(options);
  const placeOf = createPlaces(options);

  async function sendTo(
    place: Place,
    region: string,
    wanted: S3Request,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { method, query = {}, body } = wanted;
    const { origin, host, path } = s3Target(place.settings, region, wanted.bucket, wanted.key);
    const bodyHash = body === undefined ? EMPTY_SHA256 : sha256(body);
    const plain = { host, 'x-amz-content-sha256': bodyHash, ...wanted.headers };
    const signer = place.signerFor(region);
    const headers =
      signer === null
        ? plain
        : (
            await signer.sign(
              { method, protocol: 'https:', hostname: host, path, query: { ...query }, headers: plain },
              { signingDate: new Date(place.clock.now()) },
            )
          ).headers;
    const response = await agent.request({
      origin,
      method,
      path: path + queryText(query),
      headers: { ...headers, 'user-agent': userAgent, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body }),
      signal,
    });
    place.clock.read(response.headers);
    return response;
  }

  return {
    async send(wanted, signal) {
      const place = placeOf(wanted.url);
      const { regions } = place;
      const region = regions.get(wanted.bucket) ?? place.settings.region ?? FIRST_REGION;
      const response = await sendTo(place, region, wanted, signal);
      if (isAnswer(response, wanted)) return response;
      const failure = await failureOf(response, wanted, place, region, signal);
      if (failure.elsewhere === null && !failure.isClock) throw failure.error;
      const second = failure.elsewhere ?? region;
      const again = await sendTo(place, second, wanted, signal);
      if (!isAnswer(again, wanted)) throw (await failureOf(again, wanted, place, second, signal)).error;
      if (failure.elsewhere !== null) regions.set(wanted.bucket, failure.elsewhere);
      return again;
    },
    async prepare(wanted, { validMs, ageMs }) {
      const place = placeOf(wanted.url);
      const region = place.regions.get(wanted.bucket) ?? place.settings.region ?? FIRST_REGION;
      const signer = place.signerFor(region);
      if (signer === null) {
        throw new ForebayError('access_denied', `Forebay has no credentials to change ${wanted.url}.`);
      }
      const { method } = wanted;
      const { origin, host, path } = s3Target(place.settings, region, wanted.bucket, wanted.key);
      const plain = { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
      const request = { method, protocol: 'https:', hostname: host, path, query: {}, headers: plain };
      const signed = await signer.presign(request, {
        signingDate: new Date(place.clock.now() - ageMs),
        expiresIn: Math.round(validMs / 1000),
      });
      const query = (signed.query ?? {}) as Readonly<Record<string, string>>;
      const headers = { ...signed.headers, 'user-agent': userAgent };
      return async (signal) => {
        const response = await agent.request({
          origin,
          method,
          path: path + queryText(query),
          headers,
          signal,
        });
        if (isAnswer(response, wanted)) return response;
        throw (await failureOf(response, wanted, place, region, signal)).error;
      };
    },
    close: async () => agent.destroy(),
  };
}

/** One entry of the settings, in use. */
interface Place {
  readonly settings: S3Settings;
  /** Regions that servers have named, by bucket. */
  readonly regions: Map<string, string>;
  readonly clock: ServerClock;
  /** Null: requests are not signed. */
  signerFor(region: string): SignatureV4 | null;
}

function createPlaces({ settings: all, env }: S3ClientOptions): (url: string) => Place {
  const places = new Map<S3Settings, Place>();
  return (url) => {
    const settings = settingsFor(all, url);
    const known = places.get(settings);
    if (known !== undefined) return known;
    const credentials = createCredentials(settings.credentials, env);
    const signers = new Map<string, SignatureV4>();
    const place: Place = {
      settings,
      regions: new Map(),
      clock: createServerClock(),
      signerFor(region) {
        if (credentials === null) return null;
        let signer = signers.get(region);
        if (signer === undefined) {
          signer = new SignatureV4({
            service: 's3',
            region,
            credentials,
            sha256: Sha256,
            uriEscapePath: false,
            applyChecksum: false,
          });
          signers.set(region, signer);
        }
        return signer;
      },
    };
    places.set(settings, place);
    return place;
  };
}

function isAnswer(response: Dispatcher.ResponseData, { answers }: Pick<S3Request, 'answers'>): boolean {
  return isSuccess(response) || answers?.includes(response.statusCode) === true;
}

/** `elsewhere`: the region to try instead. `isClock`: the time was wrong, and the answer has the right one. */
async function failureOf(
  response: Dispatcher.ResponseData,
  wanted: Pick<S3Request, 'method' | 'url'>,
  { settings }: Place,
  asked: string,
  signal: AbortSignal,
): Promise<{ readonly error: ForebayError; readonly elsewhere: string | null; readonly isClock: boolean }> {
  const { statusCode: status, headers } = response;
  const body = readErrorBody(await errorTextOf(response.body, signal));
  const header = headers['x-amz-bucket-region'];
  const named = typeof header === 'string' ? header : body.region;
  const region = named !== null && named !== asked && isRegion(named) ? named : null;
  const endpoint = settings.endpoint ?? 'AWS S3';
  const error = s3Error({
    ...body,
    status,
    url: wanted.url,
    endpoint,
    region,
    writes: wanted.method !== 'GET' && wanted.method !== 'HEAD',
    ...retryAfter(headers['retry-after']),
  });
  return { error, elsewhere: region, isClock: body.code === 'RequestTimeTooSkewed' };
}
