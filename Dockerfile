# The image of Stillhouse: one build of the sources, and a small result with Python, Node and nothing to build with.
# No BuildKit-only syntax, so that the classic builder of any engine builds it too. docs/image.md describes it.
ARG NODE_VERSION=26
ARG PYTHON_VERSION=3.13

FROM node:${NODE_VERSION}-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY . .
# The pinned Node of a checkout is an optional package, and this image has its own.
RUN node scripts/build.mjs \
    && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --no-update-notifier \
    && rm -rf node_modules/.bin node_modules/.package-lock.json \
    && mv node_modules dist/

FROM python:${PYTHON_VERSION}-slim-trixie
# libatomic1 and libstdc++6 are what Node's binary is linked to; setpriv (util-linux) ties workers to their supervisor.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libatomic1 libstdc++6 tini util-linux \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/apt /var/log/dpkg.log

COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /build/dist /opt/stillhouse
COPY docker/entrypoint.sh /usr/local/bin/stillhouse-entrypoint
COPY docker/fill-compile-cache.mjs /tmp/

# A number, so that an orchestrator can tell that it is not root without reading /etc/passwd.
ARG UID=10001
RUN ln -s /opt/stillhouse/bin/stillhouse.mjs /usr/local/bin/stillhouse \
    && echo "stillhouse:x:${UID}:${UID}::/var/lib/stillhouse:/usr/sbin/nologin" >> /etc/passwd \
    && echo "stillhouse:x:${UID}:" >> /etc/group \
    && install -d -o ${UID} -g ${UID} -m 0755 /apps /etc/stillhouse /opt/compile-cache /opt/environments \
    && install -d -o ${UID} -g ${UID} -m 0700 /var/lib/stillhouse /var/lib/stillhouse/tmp

# /tmp is not written to: it may be a part of a read-only root, and it may be memory.
# The defaults for a container (bind, admin.bind, apps.directory, data.directory): stillhouse.yaml and PORT still come before them.
ENV STILLHOUSE_CONTAINER=1 \
    HOME=/var/lib/stillhouse \
    TMPDIR=/var/lib/stillhouse/tmp \
    PYTHONPYCACHEPREFIX=/var/lib/stillhouse/pycache \
    PYTHONUNBUFFERED=1 \
    NODE_COMPILE_CACHE=/opt/compile-cache

USER ${UID}:${UID}
# The cache belongs to the user who will read it (its key holds the uid).
RUN node /tmp/fill-compile-cache.mjs

VOLUME /var/lib/stillhouse
WORKDIR /apps
EXPOSE 8000 9000
STOPSIGNAL SIGTERM
# The start may install what apps need, for minutes; the first success ends that period.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 CMD ["stillhouse", "healthcheck"]
ENTRYPOINT ["tini", "--", "stillhouse-entrypoint"]
CMD ["serve"]

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Stillhouse" \
      org.opencontainers.image.description="A production application server for WSGI applications in Python and TypeScript" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
