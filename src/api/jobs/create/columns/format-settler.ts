/** Settles the format of a request's output, for a submit and for its plan. */
import type { ByteFiles } from '../../../../shared/datasets/bytes/byte-file.ts';
import type { DatasetSource } from '../../../../shared/datasets/source.ts';
import type { DatasetSpec } from '../../../../shared/domain/dataset-spec.ts';
import type { Delta } from '../../../../shared/domain/job/delta.ts';
import type { ModelConfig } from '../../../../shared/domain/model/model-config.ts';
import type { SubmitRequest } from '../../../http/wire/submit-request.ts';
import { keepFormat, settleFormat, type EarlierFormat, type SettledFormat } from './settle-format.ts';

export interface FormatDeps {
  readonly files: ByteFiles;
  readonly openDataset: (spec: { dataset: DatasetSpec; tenant: string; delta?: Delta }) => DatasetSource;
}

export function createFormatSettler({ files, openDataset }: FormatDeps) {
  /** `earlier`: the job that the request continues. `dataset`: as resolved. Rejects as settleFormat and keepFormat do. */
  return async function settle(
    { output_format: format, output_columns: columns = {} }: SubmitRequest,
    config: ModelConfig | null,
    earlier: EarlierFormat | null,
    dataset: DatasetSpec,
    tenant: string,
  ): Promise<SettledFormat> {
    const asked = { format: format ?? null, columns };
    if (earlier !== null) return keepFormat(asked, dataset, earlier);
    const listFiles = (of: DatasetSpec) => openDataset({ dataset: of, tenant });
    return settleFormat(asked, config, dataset, { files, listFiles });
  };
}
