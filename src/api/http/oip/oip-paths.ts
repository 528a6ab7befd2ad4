/** The paths of a model in the Open Inference Protocol, with and without a version. */
import { z } from 'zod';
import { parseModelName } from '../../../shared/models/version-name.ts';

export const OIP_TAG = 'Open Inference Protocol';

const NAME = z
  .string()
  .min(1)
  .max(256)
  .meta({ examples: ['digits-small'] });

export const NAMED = z.strictObject({ name: NAME });
const VERSIONED = z.strictObject({
  name: NAME,
  version: z
    .string()
    .min(1)
    .max(64)
    .meta({ examples: ['2'] }),
});

/** `suffix`: for the operation's id. */
export const MODEL_PATHS = [
  { path: '/v2/models/{name}', suffix: '', params: NAMED },
  { path: '/v2/models/{name}/versions/{version}', suffix: 'Version', params: VERSIONED },
] as const;

/** The name as other endpoints take it. A name may have a version or an alias itself. */
export function modelNamed(params: { readonly name: string; readonly version?: string }): string {
  return params.version === undefined ? params.name : `${parseModelName(params.name).name}@${params.version}`;
}
