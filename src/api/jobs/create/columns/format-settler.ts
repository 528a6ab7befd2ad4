/** Settles the format of a request's output, for a submit and for its plan. */
import type { ByteFiles } from '../../../../shared/datasets/bytes/byte-file.ts';
import type { DatasetSource } from '../../../../shared/datasets/source.ts';
import { joinOf, type DatasetSpec } from '../../../../shared/domain/dataset-spec.ts';
import type { Compaction } from '../../../../shared/domain/job/compaction.ts';
import type { Delta } from '../../../../shared/domain/job/delta.ts';
import type { ResultColumn } from '../../../../shared/domain/job/part-format.ts';
import type { ModelConfig } from '../../../../shared/domain/model/model-config.ts';
import { columnsOf } from '../../../../shared/sinks/table/columns-of.ts';
import type { SubmitRequest } from '../../../http/wire/submit-request.ts';
import { settleFiles } from './settle-files.ts';
import { keepFormat, settleFormat, type EarlierFormat, type SettledFormat } from './settle-format.ts';

export interface FormatDeps {
  readonly files: ByteFiles;
  readonly openDataset: (spec: { dataset: DatasetSpec; tenant: string; delta?: Delta }) => DatasetSource;
}

/** How a job writes its parts, and whether they become files at its end. */
export interface SettledOutput extends Omit<SettledFormat, 'columns'> {
  readonly compact: Compaction | undefined;
}

export function createFormatSettler({ files, openDataset }: FormatDeps) {
  /**
   * `earlier`: the job that the request continues. `dataset`: as resolved. Rejects as settleFormat, keepFormat and
   * settleFiles do.
   */
  return async function settle(
    {
      output_format: format,
      output_columns: columns = {},
      output_files: asked,
    }: Pick<SubmitRequest, 'output_format' | 'output_columns' | 'output_files'>,
    config: ModelConfig | null,
    earlier: EarlierFormat | null,
    dataset: DatasetSpec,
    tenant: string,
  ): Promise<SettledOutput> {
    const how = { format: format ?? null, columns };
    const listFiles = (of: DatasetSpec) => openDataset({ dataset: of, tenant });
    const settled =
      earlier === null
        ? await settleFormat(how, config, dataset, { files, listFiles })
        : keepFormat(how, dataset, earlier);
    const known = settled.columns ?? columnsOfEarlier(earlier!, config);
    return { ...settled, compact: settleFiles(asked, known, earlier?.compact) };
  };
}

/** JSON lines have no types, so joined columns count as text. Any of their values can name a folder. */
function columnsOfEarlier({ table, dataset }: EarlierFormat, config: ModelConfig | null): ResultColumn[] {
  if (table !== undefined) return table.columns;
  const joined = (joinOf(dataset) ?? []).map(({ name }): ResultColumn => ({
    name,
    type: 'string',
    optional: false,
    source: { of: 'input', field: name },
  }));
  return [...columnsOf(config), ...joined];
}
