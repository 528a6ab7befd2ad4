/** Packs rows as the request parser does. */
import {
  createInlinePacker,
  type InlineRow,
  type PackedInline,
} from '#forebay/shared/datasets/inline/pack-inline.js';
import { createUrlPacker, type PackedUrls } from '#forebay/shared/datasets/urls/pack-urls.js';

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
