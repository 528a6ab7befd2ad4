/** API keys on the wire. Only the response to the creation of a key contains the key itself. */
import { z } from 'zod';
import { SCOPE_MEANINGS, SCOPES } from '../../../shared/domain/scope.ts';
import { DEFAULT_TENANT, TENANT } from '../../../shared/domain/tenant.ts';
import type { KeyRecord, NewKey } from '../../../shared/keys/key-store.ts';
import { iso, TIMESTAMP } from './scalars.ts';

export const SCOPE = z.enum(SCOPES).meta({
  id: 'Scope',
  description: SCOPES.map((scope) => `${scope}: ${SCOPE_MEANINGS[scope]}`).join(' '),
});

export const KEY_ID_PARAM = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'not a key id')
  .meta({ description: 'Id of the key: the part between its first two "_".' });

const NAME = z
  .string()
  .min(1)
  .max(100)
  .meta({ description: 'Who or what uses the key.', examples: ['nightly'] });

export const CREATE_KEY_BODY = z
  .strictObject({
    name: NAME,
    tenant: TENANT.optional().meta({
      description: `Tenant whose jobs the key reads and submits. Default: "${DEFAULT_TENANT}".`,
      examples: ['search'],
    }),
    scopes: z
      .array(SCOPE)
      .min(1)
      .max(SCOPES.length)
      .optional()
      .meta({ description: 'Default: jobs:read and jobs:write.' }),
    expires_in_s: z
      .int()
      .min(1)
      .max(10 * 365 * 86_400)
      .optional()
      .meta({ description: 'Seconds from now until the key expires. Default: never.' }),
  })
  .meta({
    id: 'CreateKeyRequest',
    description: 'A key to create.',
    examples: [{ name: 'nightly', tenant: 'search', scopes: ['jobs:read', 'jobs:write'] }],
  });

export const KEY = z
  .object({
    id: z.string(),
    object: z.literal('key'),
    name: NAME,
    tenant: z.string(),
    scopes: z.array(SCOPE),
    created_at: TIMESTAMP,
    expires_at: TIMESTAMP.nullable(),
  })
  .meta({ id: 'Key', description: 'An API key, without its secret.' });

export const CREATED_KEY = KEY.extend({
  key: z.string().meta({ description: 'The key itself. It is shown only once.' }),
}).meta({ id: 'CreatedKey', description: 'A newly created key.' });

export const KEY_LIST = z
  .object({ object: z.literal('list'), data: z.array(KEY) })
  .meta({ id: 'KeyList', description: 'All keys, oldest first.' });

export type KeyWire = z.infer<typeof KEY>;

export const DEFAULT_SCOPES = ['jobs:read', 'jobs:write'] as const;

export function toNewKey(body: z.output<typeof CREATE_KEY_BODY>, nowMs: number): NewKey {
  return {
    name: body.name,
    tenant: body.tenant ?? DEFAULT_TENANT,
    scopes: [...new Set(body.scopes ?? DEFAULT_SCOPES)],
    expiresAt: body.expires_in_s === undefined ? null : nowMs + body.expires_in_s * 1000,
  };
}

export function keyToWire(record: KeyRecord): KeyWire {
  return {
    id: record.id,
    object: 'key',
    name: record.name,
    tenant: record.tenant,
    scopes: [...record.scopes],
    created_at: iso(record.createdAt),
    expires_at: iso(record.expiresAt),
  };
}
