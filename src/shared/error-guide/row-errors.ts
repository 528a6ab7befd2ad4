/** Cause and fix of the errors of one row. They cost that row and leave the job running. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const ROW_ERRORS = {
  file_not_found: {
    cause: 'The file of the row does not exist, or was deleted after it was listed.',
    fix: 'Restore the file or correct its path in the manifest, then retry the job.',
  },
  file_unreadable: {
    cause: 'The file of the row is not a regular file, or the user of the worker may not read it.',
    fix: 'Change its permissions, then retry the job.',
  },
  file_too_large: {
    cause: 'The row has more bytes than `FOREBAY_MAX_FILE_MB` allows.',
    fix: 'Make the file smaller, or raise the limit.',
  },
  fetch_failed: {
    cause: 'The connection for a URL row failed, in spite of retries.',
    fix: 'Check the name and the network from the machine of the worker, then retry the job.',
  },
  fetch_tls: {
    cause: 'The server of a URL row shows a certificate that is not trusted, or no TLS that is understood.',
    fix: 'Repair the certificate, or have the worker trust its issuer with `NODE_EXTRA_CA_CERTS`.',
  },
  fetch_redirects: {
    cause: 'A URL row is redirected too often, or in a circle.',
    fix: 'Give the URL that the redirects should end at.',
  },
  fetch_unreadable: {
    cause: 'The answer to a URL row has a content encoding that is unknown or broken.',
    fix: 'Have the server send the file as it is, or with gzip, deflate or br.',
  },
  fetch_status: {
    cause: 'The server of a URL row refused it, with 404 or 403 for example.',
    fix: 'Check that the URL is right, public and not expired. Signed URLs must outlive the job.',
  },
  fetch_unavailable: {
    cause: 'The server of a URL row kept answering 429 or 5xx, or failed so often that Forebay paused it.',
    fix: 'Retry the job when the server has recovered.',
  },
  fetch_inflated: {
    cause:
      'The compressed answer to a URL row unfolds to more than `FOREBAY_MAX_FETCH_RATIO` times its size.',
    fix: 'Have the server send the image uncompressed, or raise the limit.',
  },
  fetch_timeout: {
    cause: 'The server of a URL row did not send all of it within `FOREBAY_FETCH_TIMEOUT_S`.',
    fix: 'Retry the job, or raise the limit.',
  },
  url_not_allowed: {
    cause: 'The URL is not http or https, carries a password, or leads to a private address.',
    fix: 'Correct the URL. For hosts of your own, add them to `FOREBAY_FETCH_ALLOW` (webhooks: `FOREBAY_WEBHOOK_ALLOW`).',
  },
  invalid_row: {
    cause: 'The line of the manifest, or the entry of the list, is not a row.',
    fix: 'Correct the line that the message names. The schemas at `/docs` show the fields of a row.',
  },
  empty_file: {
    cause: 'The row has no bytes.',
    fix: 'Replace the file. Often a copy or download was cut off.',
  },
  unsupported_format: {
    cause: 'The content is not JPEG, PNG, WebP, GIF, TIFF or AVIF, whatever the name says.',
    fix: 'Convert the file, or leave it out with `exclude`.',
  },
  decode_failed: {
    cause: 'The image is damaged or cut off.',
    fix: 'Replace the file. The message says where decoding stopped.',
  },
  too_many_pixels: {
    cause: 'The image has more pixels than `FOREBAY_MAX_MEGAPIXELS` allows.',
    fix: 'Make the image smaller, or raise the limit. Decoding needs memory for every pixel.',
  },
  decompression_ratio: {
    cause: 'The image unfolds to far more bytes than it has, as decompression bombs do.',
    fix: 'If the image is meant, raise `FOREBAY_MAX_IMAGE_RATIO` or make it smaller.',
  },
  inference_failed: {
    cause: 'The model failed on this row, in onnxruntime.',
    fix: 'Read the message. Try the model on this row alone with `forebay run --include`.',
  },
  lane_crashed: {
    cause: 'The process that ran the model died while it worked on this row, each time it was tried.',
    fix: "Look for the crash in the worker's log. Leave the row out, or report it with the row.",
  },
  worker_crashed: {
    cause: 'Workers died each time they began this row, so it is not tried again.',
    fix: 'Check whether the system killed them for memory (`dmesg`). Then retry the job.',
  },
  timed_out: {
    cause: 'The model took longer than `FOREBAY_BATCH_TIMEOUT_S` or the timeout in `model.json`.',
    fix: 'Raise the timeout, use a smaller batch size, or check that the machine is not overloaded.',
  },
  out_of_memory: {
    cause: 'The process that ran the model needed more memory than it may use.',
    fix: 'Use a smaller batch size or fewer lanes, or give the worker more memory.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
