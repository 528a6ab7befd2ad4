/**
 * Sends signed requests to S3 (docs/adr/0020-s3-client.md). Asks again only if a server names another region, if the
 * signature had the wrong time, or if a bucket that was there is said to be missing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Dispatcher } from 'undici';
import { ForebayError } from '../../errors.ts';
import { isSuccess } from '../../net/is-success.ts';
import { gatherAnswer, type WholeAnswer } from '../../net/gather-answer.ts';
import type { ReadLimits } from '../../net/read-body.ts';
import { retryAfter } from '../../net/retry-after.ts';
import type { Attempt } from '../../net/with-deadline.ts';
import { sha256 } from '../../text/sha256.ts';
import { s3Error } from './s3-error.ts';
import { isRegion, type S3Settings } from './s3-settings.ts';
import { createPlaces, type Place } from './s3-places.ts';
import { FIRST_REGION } from './s3-target.ts';
import { readErrorBody } from './s3-xml.ts';
import { createAgent, errorTextOf, queryText, type ObjectClientOptions } from '../remote/object-client.ts';
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

type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>;

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
  /** As `send`, but gathers the whole body in memory. Also rejects as readBody does. */
  receive(wanted: S3Request, limits: ReadLimits, attempt: Pick<Attempt, 'onOver'>): Promise<WholeAnswer>;
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

/** SeaweedFS 4.48 rarely answers NoSuchBucket for a bucket that exists, and is right a moment later. */
const MISSING_BUCKET_PAUSE_MS = 250;

export function createS3Client(options: S3ClientOptions): S3Client {
  const { userAgent } = options;
  const agent = createAgent(options);
  const placeOf = createPlaces(options);

  async function signed(place: Place, region: string, wanted: S3Request): Promise<Dispatcher.RequestOptions> {
    const { method, query = {}, body } = wanted;
    const { origin, host, pathOf } = place.targetOf(region, wanted.bucket);
    const path = pathOf(wanted.key);
    const bodyHash = body === undefined ? EMPTY_SHA256 : sha256(body);
    const plain = { host, 'x-amz-content-sha256': bodyHash, ...wanted.headers };
    const credentials = place.credentials === null ? null : await place.credentials();
    const headers =
      credentials === null
        ? plain
        : place.signFor(region)({ method, path, query, headers: plain }, credentials, place.clock.now());
    return {
      origin,
      method,
      path: path + queryText(query),
      headers: { ...headers, 'user-agent': userAgent, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body }),
    };
  }

  /** Asks again once. See above. */
  async function exchange<T extends Answer>(
    wanted: S3Request,
    ask: (request: Dispatcher.RequestOptions) => Promise<T>,
    textOf: (answer: T) => Promise<string>,
  ): Promise<T> {
    const place = placeOf(wanted.url);
    const { regions, buckets, clock } = place;
    const askIn = async (region: string) => {
      const answer = await ask(await signed(place, region, wanted));
      clock.read(answer.headers);
      if (isSuccess(answer.statusCode)) buckets.add(wanted.bucket);
      return answer;
    };
    const region = regionOf(place, wanted);
    const answer = await askIn(region);
    if (isAnswer(answer, wanted)) return answer;
    const failure = failureOf(answer, await textOf(answer), wanted, place, region);
    const wasThere = failure.isNoBucket && buckets.has(wanted.bucket);
    if (failure.elsewhere === null && !failure.isClock && !wasThere) throw failure.error;
    if (wasThere) await delay(MISSING_BUCKET_PAUSE_MS);
    const second = failure.elsewhere ?? region;
    const again = await askIn(second);
    if (!isAnswer(again, wanted)) {
      throw failureOf(again, await textOf(again), wanted, place, second).error;
    }
    if (failure.elsewhere !== null) regions.set(wanted.bucket, failure.elsewhere);
    return again;
  }

  return {
    send: async (wanted, signal) =>
      exchange(
        wanted,
        async (request) => agent.request({ ...request, signal }),
        async ({ body }) => errorTextOf(body, signal),
      ),
    receive: async (wanted, limits, attempt) =>
      exchange(
        wanted,
        async (request) => gatherAnswer(agent, request, limits, attempt),
        async ({ body }) => Buffer.from(body).toString('utf8'),
      ),
    async prepare(wanted, { validMs, ageMs }) {
      const place = placeOf(wanted.url);
      const region = regionOf(place, wanted);
      if (place.credentials === null) {
        throw new ForebayError('access_denied', `Forebay has no credentials to change ${wanted.url}.`);
      }
      const { method } = wanted;
      const { origin, host, pathOf } = place.targetOf(region, wanted.bucket);
      const path = pathOf(wanted.key);
      const signer = new SignatureV4({
        service: 's3',
        region,
        credentials: place.credentials,
        sha256: Sha256,
        uriEscapePath: false,
        applyChecksum: false,
      });
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
        throw failureOf(response, await errorTextOf(response.body, signal), wanted, place, region).error;
      };
    },
    close: async () => agent.destroy(),
  };
}

function regionOf({ regions, settings }: Place, { bucket }: { readonly bucket: string }): string {
  return regions.get(bucket) ?? settings.region ?? FIRST_REGION;
}

function isAnswer(response: Answer, { answers }: Pick<S3Request, 'answers'>): boolean {
  return isSuccess(response.statusCode) || answers?.includes(response.statusCode) === true;
}

/**
 * `elsewhere`: the region to try instead. `isClock`: the time was wrong, and the answer has the right one. `isNoBucket`: the
 * server knows no such bucket.
 */
function failureOf(
  { statusCode: status, headers }: Answer,
  text: string,
  wanted: Pick<S3Request, 'method' | 'url'>,
  { settings }: Place,
  asked: string,
): {
  readonly error: ForebayError;
  readonly elsewhere: string | null;
  readonly isClock: boolean;
  readonly isNoBucket: boolean;
} {
  const body = readErrorBody(text);
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
  return {
    error,
    elsewhere: region,
    isClock: body.code === 'RequestTimeTooSkewed',
    isNoBucket: body.code === 'NoSuchBucket',
  };
}
