/** Cause and fix of the errors of a request. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const REQUEST_ERRORS = {
  invalid_request: {
    cause: 'A field of the body, the query, the path or a header is missing, unknown or out of range.',
    fix: 'Correct every place that `errors` lists, then send the request again.',
  },
  invalid_cursor: {
    cause: 'This API did not give out this `cursor`.',
    fix: 'Pass the `next_cursor` of the previous page, or omit `cursor` for the first page.',
  },
  newer_version: {
    cause: 'A newer version of Forebay made this job, and this process does not know its format.',
    fix: 'Update this process, or leave the job to processes of the newer version.',
  },
  request_too_deep: {
    cause: 'The JSON of the body nests more than 40 levels.',
    fix: 'Flatten the body. Only rows with tensors need more than 5 levels.',
  },
  unauthenticated: {
    cause:
      'The service needs an API key. The request has none, or one that is unknown, revoked, expired or incomplete.',
    fix: 'Send `Authorization: Bearer KEY`. Create a key with `forebay keys create`.',
  },
  forbidden: {
    cause: 'The API key is valid, but it lacks the scope that this request needs.',
    fix: 'Use a key with the scope that `detail` names. `forebay keys create --scope SCOPE` makes one.',
  },
  path_not_allowed: {
    cause:
      'An input or output path is outside the folders and prefixes that jobs may use, or belongs to another tenant.',
    fix: 'Choose a path below these folders, or ask the operator to extend `FOREBAY_INPUT_ROOTS` or `FOREBAY_OUTPUT_ROOTS`.',
  },
  origin_not_allowed: {
    cause: 'A web page of another site sent the request. Only pages of this service may make changes.',
    fix: 'Call the API from a program on your server. Programs send no `Origin` header.',
  },
  not_found: {
    cause: 'There is nothing at this path, or the file behind it was moved or deleted.',
    fix: 'Compare the path with `/docs`. If results are missing, check that their folder is mounted.',
  },
  job_not_found: {
    cause: 'No job has this id, the job expired 7 days after its end, or it belongs to another tenant.',
    fix: 'List the jobs with `GET /v1/jobs`. The output folder of an expired job is still there.',
  },
  model_not_found: {
    cause: 'No model folder has a model with this name, version or alias, and no live worker serves one.',
    fix: 'Check the name with `forebay models` and the folders in `FOREBAY_MODELS_DIR`. Check that a worker runs.',
  },
  worker_not_found: {
    cause: 'No live worker has this id. It has ended, or it is another process since it was restarted.',
    fix: 'List the workers with `forebay workers` or `GET /v1/workers`.',
  },
  key_not_found: {
    cause: 'No API key has this id. It may have been revoked already.',
    fix: 'List the keys with `forebay keys list` or `GET /v1/keys`.',
  },
  method_not_allowed: {
    cause: 'This path does not support this HTTP method.',
    fix: 'Use one of the methods in the `Allow` header.',
  },
  invalid_state: {
    cause:
      'The state of the job does not allow this request. For example, a job that has ended cannot be cancelled.',
    fix: 'Check the `status` of the job first. `detail` says which states allow the request.',
  },
  idempotency_conflict: {
    cause: 'This `Idempotency-Key` was used before with a different request.',
    fix: 'Use a new key for a new job. To retry a request, send it unchanged with the same key.',
  },
  request_in_progress: {
    cause: 'The first request with this `Idempotency-Key` is still being accepted.',
    fix: 'Send the same request again after the time in `Retry-After`.',
  },
  output_not_empty: {
    cause: 'The output folder already holds files.',
    fix: 'Choose another output, or set `if_output_exists` to `resume` or `overwrite` (`--resume`, `--overwrite`).',
  },
  output_in_use: {
    cause: 'Another job that has not ended writes to this output folder.',
    fix: 'Choose another output, wait for that job, or cancel it.',
  },
  resume_mismatch: {
    cause: 'The input, model or options of this request differ from those of the existing output.',
    fix: 'Repeat the original request, choose another output, or overwrite this one.',
  },
  output_compacted: {
    cause:
      'This output is complete, and its parts have become larger files (`compact`, `partition_by`). So it cannot be resumed. It can be the earlier output of a delta job only if it has recorded the versions of its rows.',
    fix: 'To run failed rows again, retry the job. For more rows, submit a delta job into another output with this one as `previous`, or the rows as a new job. Else choose another output, or overwrite this one.',
  },
  request_timeout: {
    cause: 'The headers or the body of the request arrived too slowly, or not at all.',
    fix: 'Send the request again, with a smaller body or over a faster connection. `FOREBAY_REQUEST_TIMEOUT_S` bounds the time.',
  },
  headers_too_large: {
    cause: 'The headers of the request are larger than 16 KB.',
    fix: 'Send fewer or shorter headers, for example without cookies of other services.',
  },
  request_too_large: {
    cause: 'The body is larger than this path accepts.',
    fix: 'Write the rows into a manifest file and submit its path, or submit several jobs.',
  },
  list_too_long: {
    cause: 'The request lists more than 200,000 rows.',
    fix: 'Write the rows into a manifest file and submit its path, or submit several jobs.',
  },
  too_many_rows: {
    cause: 'The job has more rows than `FOREBAY_MAX_ROWS` allows.',
    fix: 'Split the job with `include` and `exclude`, or ask the operator to raise the limit.',
  },
  unsupported_media_type: {
    cause:
      'The body has a type that this path does not take, is compressed, or is text in another encoding than UTF-8.',
    fix: 'Send the `Content-Type` that `detail` names, and no `Content-Encoding`.',
  },
  host_not_allowed: {
    cause: 'The `Host` header is not a name of this service.',
    fix: 'Call the service as `localhost` or `127.0.0.1`, or ask the operator to add the name to `FOREBAY_ALLOWED_HOSTS`.',
  },
  input_not_found: {
    cause: 'The input folder or file does not exist where the service looks.',
    fix: 'Check the path. In a container, it must be the path inside the container. Keys on S3 and names on Azure are case-sensitive.',
  },
  input_unreadable: {
    cause:
      'The user that runs the service may not read the input, the storage or server refuses it, or the file is damaged, not of the type that the request names, compressed in an unknown way, or too large once decompressed.',
    fix: 'The message says which. Make the input readable for the user that runs Forebay, or compress the file again with gzip or zstd.',
  },
  too_many_jobs: {
    cause: 'The service has `FOREBAY_MAX_JOBS` jobs queued, running or paused. It accepts no more.',
    fix: 'Retry after the time in `Retry-After`. The request can succeed once another job has ended.',
  },
  too_many_pipelines: {
    cause: 'The service already keeps the maximum number of pipelines that came with requests.',
    fix: 'Retry after the time in `Retry-After`: pipelines are removed some minutes after their jobs. Or put the pipeline into the models folder.',
  },
  too_many_large_requests: {
    cause: 'The service is reading as many large request bodies as it has memory for.',
    fix: 'Retry after the time in `Retry-After`, or put the rows into a manifest file.',
  },
  rate_limited: {
    cause: 'The tenant sends more requests per second than its quota allows.',
    fix: 'Retry after the time in `Retry-After`. Follow jobs by their events instead of polling.',
  },
  quota_jobs: {
    cause: 'The tenant has as many jobs queued, running or paused as its quota allows.',
    fix: 'Retry when one of them has ended, or ask the operator to raise `FOREBAY_QUOTA_JOBS`.',
  },
  quota_rows: {
    cause: 'The unfinished rows of all jobs of the tenant exceed its quota.',
    fix: 'Submit fewer rows, retry later, or ask the operator to raise `FOREBAY_QUOTA_ROWS`.',
  },
  quota_bytes: {
    cause: 'The results that the tenant stored in the last 7 days exceed its quota.',
    fix: 'Retry later, or ask the operator to raise `FOREBAY_QUOTA_STORED_MB`.',
  },
  online_full: {
    cause:
      'As many online requests are open as `FOREBAY_ONLINE_MAX_REQUESTS` or `FOREBAY_ONLINE_MAX_MB` allows.',
    fix: 'Retry after the time in `Retry-After`. If this happens often, start more workers or raise the limit.',
  },
  not_supported: {
    cause:
      'Forebay does not support this part of the Open Inference Protocol, or the worker is of an older version that does not know the request.',
    fix: '`detail` says what to use instead.',
  },
  no_worker: {
    cause: 'No live worker serves the model, or none could load it in time.',
    fix: '`detail` says why. `forebay models` shows the state of the model. Start a worker of its pool, or pin the model.',
  },
  worker_lost: {
    cause: 'The worker of an online request ended before it answered, and so did the second one that tried.',
    fix: 'Retry later. The logs of the workers show why they ended. A row of the request may be the cause.',
  },
  deadline_passed: {
    cause:
      'The workers did not answer the online request before its deadline (`timeout_ms`), or the input of a row was not found in time.',
    fix: 'Send fewer rows, allow more time with `timeout_ms`, or start more workers. For the input of a row, ask again: the search continues.',
  },
  internal: {
    cause: 'The service failed unexpectedly.',
    fix: "Find the error in the API's log and report it.",
  },
  queue_unavailable: {
    cause: 'The service cannot reach its Redis.',
    fix: "Retry after the time in `Retry-After`. The API's log has the cause.",
  },
  redis_read_only: {
    cause: 'Redis is a read-only replica, as happens during a failover, or has too few replicas.',
    fix: 'Retry after the time in `Retry-After`. If the error persists, set `REDIS_URL` to the primary.',
  },
  redis_full: {
    cause: 'Redis has reached its `maxmemory` and refuses writes.',
    fix: 'Raise `maxmemory`, or delete keys that do not belong to Forebay. Jobs then continue by themselves.',
  },
  redis_not_saving: {
    cause: 'Redis cannot save its data to disk and refuses writes.',
    fix: 'Read the log of Redis. Usually its disk is full or its folder cannot be written.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
