# goldprobe alone: one static binary, the certificate authorities, no shell, no root. /carry copies it
# for another container, see k8s/backend.yaml.
#
#   podman build --format docker -t goldprobe .        (HEALTHCHECK is not in the OCI format)
#
# A mirror of your own: mount your apt sources read-only while building, as in
#   podman build -v "$PWD/debian.sources:/etc/apt/sources.list.d/debian.sources:ro" ...
FROM docker.io/library/debian:trixie-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends make ca-certificates musl-tools

# The libraries first: they change rarely, and their layer is kept.
COPY tools/setup tools/third-party tools/
RUN tools/setup build static && tools/third-party

COPY Makefile ./
COPY tools/embed tools/carry.c tools/
COPY include include
COPY probe probe
ARG VERSION
ARG REVISION
RUN make -j"$(nproc)" static ${VERSION:+VERSION="$VERSION"} REVISION="$REVISION"

# The authorities as a hash directory: only those a chain needs are read, not all of them.
RUN mkdir -p /image/etc/ssl/certs \
    && for link in /etc/ssl/certs/*.[0-9]; do cp -L "$link" /image/etc/ssl/certs/; done \
    && cp build/static/goldprobe /image/goldprobe \
    && musl-gcc -Os -static -s -o /image/carry tools/carry.c

FROM scratch
COPY --from=build /image /
USER 65532:65532
EXPOSE 9090
# `serve` answers /livez; for other commands run with --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["/goldprobe", "check", "http://127.0.0.1:9090/livez"]
ENTRYPOINT ["/goldprobe"]
CMD ["help"]
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="goldprobe" \
      org.opencontainers.image.description="Drives a backend's golden path after deploy and names the root cause" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
