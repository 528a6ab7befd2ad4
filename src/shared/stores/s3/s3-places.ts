/** Keeps regions, a clock, credentials, signers and addresses for each entry of the settings. */
import type { ObjectClientOptions } from '../remote/object-client.ts';
import { createServerClock, type ServerClock } from '../remote/server-clock.ts';
import { settingsFor } from '../settings-for.ts';
import { createCredentials, type FindCredentials } from './credentials.ts';
import type { S3Settings } from './s3-settings.ts';
import { s3Target, type S3Target } from './s3-target.ts';
import { createSignRequest, type SignRequest } from './sign-request.ts';

/** One entry of the settings, in use. */
export interface Place {
  readonly settings: S3Settings;
  /** Regions that servers have named, by bucket. */
  readonly regions: Map<string, string>;
  /** Buckets that have answered. */
  readonly buckets: Set<string>;
  readonly clock: ServerClock;
  /** Null: requests are not signed. */
  readonly credentials: FindCredentials | null;
  signFor(region: string): SignRequest;
  targetOf(region: string, bucket: string): S3Target;
}

/** Returns a function that finds the entry for a URL. */
export function createPlaces({
  settings: all,
  env,
}: Pick<ObjectClientOptions<S3Settings>, 'settings' | 'env'>): (url: string) => Place {
  const places = new Map<S3Settings, Place>();
  return (url) => {
    const settings = settingsFor(all, url);
    let place = places.get(settings);
    if (place === undefined) {
      place = createPlace(settings, env);
      places.set(settings, place);
    }
    return place;
  };
}

function createPlace(settings: S3Settings, env: NodeJS.ProcessEnv): Place {
  const signers = new Map<string, SignRequest>();
  let last: { readonly region: string; readonly bucket: string; readonly target: S3Target } | null = null;
  return {
    settings,
    regions: new Map(),
    buckets: new Set(),
    clock: createServerClock(),
    credentials: createCredentials(settings.credentials, env),
    signFor(region) {
      let sign = signers.get(region);
      if (sign === undefined) {
        sign = createSignRequest(region);
        signers.set(region, sign);
      }
      return sign;
    },
    // Usually all objects of a job are in one bucket.
    targetOf(region, bucket) {
      if (last === null || last.region !== region || last.bucket !== bucket) {
        last = { region, bucket, target: s3Target(settings, region, bucket) };
      }
      return last.target;
    },
  };
}
