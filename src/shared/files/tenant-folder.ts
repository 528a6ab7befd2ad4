/** Where a tenant's files lie below a folder that tenants share. */
import { join } from 'node:path';
import { DEFAULT_TENANT } from '../domain/tenant.ts';

/** The default tenant is the operator's own: its are the roots themselves. Every other has a folder in each. */
export function tenantFolder(root: string, tenant: string): string {
  return tenant === DEFAULT_TENANT ? root : join(root, tenant);
}
