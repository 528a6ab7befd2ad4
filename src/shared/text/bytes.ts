/** Sizes for people: in texts, and as fields of log lines. */

const MB = 2 ** 20;
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** 512 B, 1.5 KB, 250 MB. A KB has 1024 bytes, as is usual for memory and disks. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Whole megabytes. */
export function toMb(bytes: number): number {
  return Math.round(bytes / MB);
}
