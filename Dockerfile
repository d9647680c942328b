# goldprobe alone: one static binary, the certificate authorities, no shell, no root. /carry copies it
# for another container, see k8s/overlays/startup-probe. /sbom.spdx.json lists what is inside.
#
#   make image                                         (podman or docker, reproducible)
#   podman build --format docker -t goldprobe .        (HEALTHCHECK is not in the OCI format)
#
# A mirror of your own: mount your apt sources read-only while building, as in
#   podman build -v "$PWD/debian.sources:/etc/apt/sources.list.d/debian.sources:ro" ...
FROM docker.io/library/debian:trixie-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends make ca-certificates musl-tools

# The libraries first: they change rarely, and their layer is kept. OpenSSL writes its build's date
# into itself; a date that never changes keeps the bytes the same.
COPY tools/setup tools/third-party tools/
RUN tools/setup build static && SOURCE_DATE_EPOCH=0 tools/third-party

COPY Makefile ./
COPY tools/embed tools/static.ld tools/carry.c tools/sbom tools/
COPY include include
COPY probe probe
ARG VERSION
ARG REVISION
RUN make -j"$(nproc)" static ${VERSION:+VERSION="$VERSION"} REVISION="$REVISION"

# The authorities as a hash directory: only those a chain needs are read, not all of them.
# All dates are the revision's, so that the same input gives the same layer.
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /image/etc/ssl/certs \
    && for link in /etc/ssl/certs/*.[0-9]; do cp -L "$link" /image/etc/ssl/certs/; done \
    && cp build/static/goldprobe /image/goldprobe \
    && musl-gcc -Os -c -o build/carry.o tools/carry.c \
    && musl-gcc -static -s -Wl,-Map=build/carry.map -o /image/carry build/carry.o \
    && tools/sbom "$VERSION" "$REVISION" /image build/static/goldprobe.map build/carry.map >build/sbom \
    && mv build/sbom /image/sbom.spdx.json \
    && find /image -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

FROM scratch
COPY --from=build /image /
USER 65532:65532
EXPOSE 9090
# `serve` answers /livez; for other commands run with --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["/goldprobe", "check", "http://127.0.0.1:9090/livez", "--timeout", "4s"]
ENTRYPOINT ["/goldprobe"]
CMD ["help"]
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="goldprobe" \
      org.opencontainers.image.description="Drives a backend's golden path after deploy and names the root cause" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
