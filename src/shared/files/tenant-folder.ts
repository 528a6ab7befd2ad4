/** The folder of a tenant's files below a folder that tenants share. */
import { join } from 'node:path';
import { DEFAULT_TENANT } from '../domain/tenant.ts';

/** The default tenant is the operator and uses the root itself. Every other tenant has a folder in it. */
export function tenantFolder(root: string, tenant: string): string {
  return tenant === DEFAULT_TENANT ? root : join(root, tenant);
}
