/** Packs rows as the parser of a request does. */
import {
  createInlinePacker,
  createUrlPacker,
  type InlineRow,
  type PackedInline,
  type PackedUrls,
} from '#forebay/shared/datasets/inline/pack-rows.js';

export function packUrls(urls: Iterable<string>): PackedUrls {
  const packer = createUrlPacker();
  for (const url of urls) packer.add(url);
  return packer.end();
}

export function packInline(rows: Iterable<InlineRow>): PackedInline {
  const packer = createInlinePacker();
  for (const row of rows) packer.add(row);
  return packer.end();
}
