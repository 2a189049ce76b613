# The default image is on Debian slim: `docker build .`; `--target distroless` has no shell and no npm.
# Not Alpine: classic-level has no build for musl on arm64.
# Another base, such as a mirror's, is named by `--build-arg NODE_IMAGE=…`.
# What runs, runs on the builder's platform, so that an image for another one is built without emulation.
ARG NODE_IMAGE=docker.io/library/node:24.9.0-bookworm-slim
ARG DISTROLESS_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
ARG TARGETARCH
# Native parts come built inside their packages: no compiler, and nobody's script runs. Node calls amd64 x64.
RUN npm ci --omit=dev --ignore-scripts --cpu="$(node -p "process.env.TARGETARCH.replace('amd64', 'x64')")" && mkdir /state
# What is in the image, for scanners. npm would miss the packages of development.
RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx > sbom.json

FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json build.mjs ./
COPY src src
RUN npm run build

FROM ${DISTROLESS_IMAGE} AS distroless
WORKDIR /app
COPY --from=dependencies --chown=65532:65532 /state /var/lib/stream-enricher
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies /app/sbom.json ./
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
ENV NODE_ENV=production PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
# LevelDB and zlib work in libuv's pool. The heap may take half of the container's memory: dimensions,
# pages and LevelDB's caches lie outside it.
ENV UV_THREADPOOL_SIZE=8 NODE_OPTIONS=--max-old-space-size-percentage=50
# Large pieces go back to the system when they are freed: a tenth less memory, measured.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "--single-threaded-gc", "--max-semi-space-size=8", "dist/main.js"]
CMD ["run", "/etc/stream-enricher/pipeline.yaml"]
ARG VERSION=0.1.0 REVISION SOURCE CREATED
# `version` and the metric build_info show it.
ENV REVISION=${REVISION}
LABEL org.opencontainers.image.title="stream-enricher" \
      org.opencontainers.image.description="Enriches a Kafka topic with dimensions and a windowed join, exactly once" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}"

# The same on Debian slim; a test holds the two to each other.
FROM ${NODE_IMAGE} AS slim
WORKDIR /app
COPY --from=dependencies --chown=65532:65532 /state /var/lib/stream-enricher
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies /app/sbom.json ./
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
ENV NODE_ENV=production PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
# LevelDB and zlib work in libuv's pool. The heap may take half of the container's memory: dimensions,
# pages and LevelDB's caches lie outside it.
ENV UV_THREADPOOL_SIZE=8 NODE_OPTIONS=--max-old-space-size-percentage=50
# Large pieces go back to the system when they are freed: a tenth less memory, measured.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "--single-threaded-gc", "--max-semi-space-size=8", "dist/main.js"]
CMD ["run", "/etc/stream-enricher/pipeline.yaml"]
ARG VERSION=0.1.0 REVISION SOURCE CREATED
# `version` and the metric build_info show it.
ENV REVISION=${REVISION}
LABEL org.opencontainers.image.title="stream-enricher" \
      org.opencontainers.image.description="Enriches a Kafka topic with dimensions and a windowed join, exactly once" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}"
