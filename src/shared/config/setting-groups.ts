/** All settings by topic. The keys are the titles of docs/settings.md. */
import { API } from './groups/api.ts';
import { FOLDERS } from './groups/folders.ts';
import { LIMITS, ONLINE, QUOTAS } from './groups/limits.ts';
import { PROCESSES, TRACES } from './groups/processes.ts';
import { IMAGES, URL_ROWS } from './groups/rows.ts';
import { SCALING } from './groups/scaling.ts';
import { WEBHOOKS } from './groups/webhooks.ts';
import { WORKERS } from './groups/workers.ts';

export const SETTING_GROUPS = {
  'Redis and the API': API,
  Folders: FOLDERS,
  'Jobs and queues': LIMITS,
  'Online requests': ONLINE,
  'Quotas of a tenant': QUOTAS,
  Workers: WORKERS,
  'Rows and images': IMAGES,
  'URL rows': URL_ROWS,
  Webhooks: WEBHOOKS,
  Autoscaling: SCALING,
  Processes: PROCESSES,
  Traces: TRACES,
} as const;

/** Each setting by its name in the configuration. */
export const SETTINGS = {
  ...API,
  ...FOLDERS,
  ...LIMITS,
  ...ONLINE,
  ...QUOTAS,
  ...WORKERS,
  ...IMAGES,
  ...URL_ROWS,
  ...WEBHOOKS,
  ...SCALING,
  ...PROCESSES,
  ...TRACES,
};
