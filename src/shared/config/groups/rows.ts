/** Settings for the size of one row, and for fetching rows from URLs. */
import { megabytes, megapixels, names, ratio, secondsAsMs } from '../setting.ts';

export const IMAGES = {
  maxFileBytes: megabytes({
    env: 'FOREBAY_MAX_FILE_MB',
    fallback: 64,
    flag: { usage: '--max-file-mb <n>' },
    what: 'Size of the largest row in MB, encoded',
    trade: 'Larger rows become row errors. A higher limit needs more memory in every lane.',
  }),
  maxPixels: megapixels({
    env: 'FOREBAY_MAX_MEGAPIXELS',
    fallback: 64,
    flag: { usage: '--max-megapixels <n>' },
    what: 'Size of the largest image in megapixels, width x height',
    trade: 'Larger images become row errors. A higher limit lets a single row take more time.',
  }),
  maxDecodeBytes: megabytes({
    env: 'FOREBAY_MAX_DECODE_MB',
    fallback: 512,
    min: 16,
    what: 'Memory for decoding one image, and for all images that a lane decodes at once',
    trade:
      'An image that needs more becomes a row error. A pixel takes 1 to 28 bytes, depending on the format (see model-config.md). A higher limit needs more memory in every lane.',
  }),
  maxImageRatio: ratio({
    env: 'FOREBAY_MAX_IMAGE_RATIO',
    fallback: 100_000,
    max: 1_000_000_000,
    what: 'Decoded bytes (3 per pixel) per encoded byte of an image above 16 megapixels',
    trade: 'A lower limit refuses decompression bombs sooner. Blank black-and-white pages reach 100,000.',
  }),
};

export const URL_ROWS = {
  fetchAllow: names({
    env: 'FOREBAY_FETCH_ALLOW',
    flag: { usage: '--fetch-allow <host>', what: 'private host or CIDR that URL rows may reach; repeatable' },
    what: 'Private hosts and CIDR ranges that URL rows may reach; comma-separated',
    trade: 'Each entry opens that part of your network to everyone who submits jobs.',
    unset: 'none',
  }),
  fetchTimeoutMs: secondsAsMs({
    env: 'FOREBAY_FETCH_TIMEOUT_S',
    fallback: 30,
    max: 3600,
    what: 'Timeout for fetching one URL row',
    trade: 'A longer time allows slower servers, but a server that hangs then delays its rows for longer.',
  }),
  maxFetchRatio: ratio({
    env: 'FOREBAY_MAX_FETCH_RATIO',
    fallback: 200,
    what: 'Decompressed bytes per compressed byte, for the response of a URL row (above 1 MB) and for a compressed input file (above 64 MB)',
    trade:
      'A lower limit refuses decompression bombs sooner. Photos need no more than 2, plain bitmaps up to 1,000, tables rarely 50.',
  }),
};
