/** The limits that every lane of a worker applies to the rows of all jobs. */
import { linkFolders, type Config } from '../../shared/config/config.ts';
import { inflightShares } from '../../shared/domain/memory-shares.ts';
import type { RowLimits } from '../../shared/files/row-limits.ts';
import type { LanePlan } from './plan-lanes.ts';

export function rowLimits(config: Config, { lanes, decodeBudgetBytes }: LanePlan): RowLimits {
  const { maxFileBytes, maxPixels, maxImageRatio, maxDecodeBytes } = config;
  return {
    ...linkFolders(config),
    maxFileBytes,
    maxPixels,
    maxImageRatio,
    maxDecodeBytes,
    decodeBudgetBytes: Math.min(maxDecodeBytes, decodeBudgetBytes),
    maxHeldBytes: inflightShares(config.maxInflightBytes).opened / lanes,
  };
}
