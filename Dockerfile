# One image for all roles. The command picks the role (api, worker, up, run ...).

FROM node:24-bookworm-slim AS build
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json ./
# No package needs its install script, because sharp and onnxruntime bring their binaries.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY bin ./bin
COPY src ./src
COPY dashboard ./dashboard
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts
# Lists what the image is made of, for scanners (CycloneDX).
RUN npm sbom --sbom-format cyclonedx --omit dev > sbom.cdx.json
# onnxruntime-node brings the libraries of every platform. Keep only this one's.
RUN find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 -type d \
      ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} + \
    && find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 1 -maxdepth 1 -type d -empty -delete

FROM node:24-bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1 \
    ONNXRUNTIME_NODE_INSTALL=skip \
    FOREBAY_HOST=0.0.0.0 \
    FOREBAY_PORT=8080 \
    FOREBAY_DATA_DIR=/data \
    FOREBAY_MODELS_DIR=/models \
    FOREBAY_INPUT_ROOTS=/input \
    UV_THREADPOOL_SIZE=16
WORKDIR /app
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
# A named volume takes over the owner of the folder that it is first mounted on.
RUN mkdir -p /data /models /input && chown 1000:1000 /data
# The user "node". Kubernetes can check runAsNonRoot only against a number.
USER 1000:1000
EXPOSE 8080
VOLUME /data
# Checks a worker's health port if it is set, and otherwise the API's port.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.FOREBAY_WORKER_PORT || process.env.FOREBAY_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "node", "/app/bin/forebay.js"]
CMD ["api"]
