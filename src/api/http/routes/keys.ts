/**
 * API keys: create, list, revoke. A service that requires no keys refuses all three, because anybody who reaches it
 * could create a key.
 */
import { z } from 'zod';
import { ForebayError } from '../../../shared/errors.ts';
import type { Emit } from '../../../shared/observe/events.ts';
import type { KeyStore } from '../../../shared/keys/key-store.ts';
import { CREATE_KEY_BODY, CREATED_KEY, KEY_ID_PARAM, KEY_LIST, keyToWire, toNewKey } from '../wire/key.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

const LIMIT = { bytes: 16 * 1024, advice: 'A key needs a name, a tenant and scopes.' };

export interface KeysDeps {
  /** Absent: the service requires no keys. */
  readonly keys?: KeyStore;
  readonly emit: Emit;
}

export function mountKeys(target: MountTarget, deps: KeysDeps): void {
  const keys = (): KeyStore => {
    if (deps.keys) return deps.keys;
    throw new ForebayError(
      'forbidden',
      'This service requires no keys, so it manages none over HTTP. Create the first one with: forebay keys create --name NAME --scope admin. Then restart the service with FOREBAY_AUTH=auto or on. With off, it never requires keys.',
    );
  };
  mount(
    target,
    {
      method: 'post',
      path: '/v1/keys',
      operationId: 'createKey',
      tag: 'Keys',
      access: 'admin',
      summary: 'Create an API key',
      description: 'Only this response holds the key itself. The service keeps a hash of it.',
      body: { schema: CREATE_KEY_BODY, limit: LIMIT },
      success: [{ status: 201, description: 'The key.', content: { 'application/json': CREATED_KEY } }],
      problems: [],
    },
    async ({ c, body, caller }) => {
      const { text, record } = await keys().create(toNewKey(body, Date.now()));
      deps.emit('key.created', {
        key: record.id,
        tenant: record.tenant,
        scopes: record.scopes,
        by: caller.key,
      });
      return c.json({ ...keyToWire(record), key: text }, 201, { 'Cache-Control': 'no-store' });
    },
  );
  mount(
    target,
    {
      method: 'get',
      path: '/v1/keys',
      operationId: 'listKeys',
      tag: 'Keys',
      access: 'admin',
      summary: 'List API keys',
      success: [{ status: 200, description: 'All keys.', content: { 'application/json': KEY_LIST } }],
      problems: [],
    },
    async ({ c }) => c.json({ object: 'list', data: (await keys().list()).map(keyToWire) }),
  );
  mount(
    target,
    {
      method: 'delete',
      path: '/v1/keys/{id}',
      operationId: 'revokeKey',
      tag: 'Keys',
      access: 'admin',
      summary: 'Revoke an API key',
      description: 'Later requests with the key are refused. Open streams continue until they end.',
      params: z.strictObject({ id: KEY_ID_PARAM }),
      success: [{ status: 204, description: 'The key is no longer valid.' }],
      problems: ['key_not_found'],
    },
    async ({ c, params, caller }) => {
      await keys().revoke(params.id);
      deps.emit('key.revoked', { key: params.id, by: caller.key });
      return c.body(null, 204);
    },
  );
}
