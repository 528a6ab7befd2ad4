/** Cause and fix of row errors. They fail one row and leave the job running. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const ROW_ERRORS = {
  file_not_found: {
    cause: 'The file of the row does not exist, or it was deleted after the job listed it.',
    fix: 'Restore the file or correct its path in the manifest, then retry the job.',
  },
  file_unreadable: {
    cause:
      'The file of the row is not a regular file, or cannot be read. For example, the user that runs the worker may not read it, or the archive that holds it is damaged.',
    fix: 'Correct what the message names, such as the permissions of the file. Then retry the job.',
  },
  access_denied: {
    cause:
      'The store refused the credentials of the worker, or found none. It may also be that the object does not exist, or that the clock of the machine is wrong.',
    fix: 'Correct what the message names. `docs/stores.md` shows where credentials come from. Then retry the job.',
  },
  file_too_large: {
    cause: 'The row has more bytes than `FOREBAY_MAX_FILE_MB` allows.',
    fix: 'Make the file smaller, or raise the limit.',
  },
  fetch_failed: {
    cause: 'The connection to the server of a URL row failed, and retries did not help.',
    fix: "Check the host name and the network from the worker's machine, then retry the job.",
  },
  fetch_tls: {
    cause:
      'The TLS connection to the server of a URL row failed. For example, its certificate is not trusted.',
    fix: 'Fix the certificate, or make the worker trust its issuer with `NODE_EXTRA_CA_CERTS`.',
  },
  fetch_redirects: {
    cause: 'The URL of a row is redirected too often, or in a circle.',
    fix: 'Use the final URL of the redirects.',
  },
  fetch_unreadable: {
    cause: 'The response for a URL row has an unknown or broken content encoding.',
    fix: 'Configure the server to send the file uncompressed, or with gzip, deflate or br.',
  },
  fetch_status: {
    cause: 'The server of a URL row refused the request, for example with 404 or 403.',
    fix: 'Check that the URL is correct, public and not expired. Signed URLs must stay valid until the job ends.',
  },
  fetch_unavailable: {
    cause:
      'The server of a URL row, or the service that gives credentials for a store, kept answering 429 or 5xx, or failed so often that Forebay paused it.',
    fix: 'Retry the job when the server has recovered.',
  },
  fetch_inflated: {
    cause:
      'The compressed response for a URL row, or a member of a zip, decompresses to more than `FOREBAY_MAX_FETCH_RATIO` times its size.',
    fix: 'Configure the server to send the image uncompressed, or raise the limit.',
  },
  fetch_timeout: {
    cause: 'The server of a URL row did not send the whole response within `FOREBAY_FETCH_TIMEOUT_S`.',
    fix: 'Retry the job, or raise the limit.',
  },
  url_not_allowed: {
    cause: 'The URL is not http or https, contains a password, or leads to a private address.',
    fix: 'Correct the URL. Add your own private hosts to `FOREBAY_FETCH_ALLOW`, or for webhooks to `FOREBAY_WEBHOOK_ALLOW`.',
  },
  invalid_row: {
    cause:
      'The row cannot be used. For example, a line of the manifest is not a row, a field is missing or has a wrong type, or a sound is too long.',
    fix: 'Correct what the message names. The schemas at `/docs` show the fields of a row.',
  },
  empty_file: {
    cause: 'The row has no bytes.',
    fix: 'Replace the file. Often a copy or a download was interrupted.',
  },
  unsupported_format: {
    cause:
      'The content of the file is not JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC. For a model of sounds, it is not WAV or FLAC. The name of the file does not matter. HEIC needs the optional package `libheif-js`.',
    fix: 'Convert the file, install the package that the message names, or leave the file out with `exclude`.',
  },
  decode_failed: {
    cause: 'The image or the sound is damaged or cut off, or the file should be text and is not UTF-8.',
    fix: 'Replace the file. The message says what is wrong.',
  },
  too_many_pixels: {
    cause:
      'The image has more pixels than `FOREBAY_MAX_MEGAPIXELS` allows, or decoding it takes more memory than `FOREBAY_MAX_DECODE_MB`.',
    fix: 'Make the image smaller, or raise the limit that the message names.',
  },
  decompression_ratio: {
    cause: 'The image decodes to far more bytes than the file has, as decompression bombs do.',
    fix: 'If the image is genuine, raise `FOREBAY_MAX_IMAGE_RATIO` or make the image smaller.',
  },
  inference_failed: {
    cause: 'The model failed on this row, or its outputs are no answer. For example, a score is NaN.',
    fix: 'Read the message. Run the model on this row alone with `forebay run --include`.',
  },
  join_failed: {
    cause:
      'A column that `join` passes on cannot be written. Its values in this row are too large, it has a number beyond a 64-bit float, or in CSV or Parquet a value does not have the type of its column.',
    fix: 'Join fewer columns, or do what the message says.',
  },
  predictor_error: {
    cause: 'The code of a predictor returned an error for this row, or threw on it.',
    fix: 'Read the message, which comes from the predictor. Correct the row or the predictor.',
  },
  invalid_answer: {
    cause:
      'The code of a predictor returned no answer for this row, or one that is not JSON or does not fit the schema `result`. In a pipeline that compares scores, it may also have no usable `predictions`.',
    fix: 'The message says what does not fit. Correct `predict` in `predictor.js`, or the schema.',
  },
  lane_crashed: {
    cause: 'The process that ran the model died on every attempt at this row.',
    fix: "Find the crash in the worker's log. Exclude the row, or report the crash with the row.",
  },
  worker_crashed: {
    cause: 'Workers died each time they started this row, so it is not tried again.',
    fix: 'Check with `dmesg` whether the system killed them for lack of memory. Then retry the job.',
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
