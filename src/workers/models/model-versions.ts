/**
 * Remembers which contents of a model folder this worker has seen, by hash. A job that needs an earlier content is told
 * that the files were replaced.
 */
import type { ModelRef } from '../../shared/domain/model/model-config.ts';

/** Number of hashes remembered per name. */
const MAX_VERSIONS = 20;

export type ModelVersions = ReturnType<typeof createModelVersions>;

export function createModelVersions() {
  /** Hashes by name, which includes the version if there is one. The hash seen last is at the end. */
  const versions = new Map<string, string[]>();
  return {
    remember({ name, hash }: ModelRef): void {
      const others = (versions.get(name) ?? []).filter((one) => one !== hash);
      versions.set(name, [...others, hash].slice(-MAX_VERSIONS));
    },
    /** Hashes seen before this one. Empty if this one is forgotten. */
    before({ name, hash }: ModelRef): string[] {
      const all = versions.get(name) ?? [];
      return all.slice(0, Math.max(0, all.indexOf(hash)));
    },
  };
}
