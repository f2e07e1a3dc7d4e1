# An image that contains only the static binary: docker build -t minicompete --build-arg VERSION=1.2.3 .
FROM --platform=$BUILDPLATFORM golang:1.26-alpine@sha256:7a3e50096189ad57c9f9f865e7e4aa8585ed1585248513dc5cda498e2f41812c AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH VERSION=$VERSION scripts/build /out/minicompete && mkdir /out/data

FROM scratch
# CA certificates, for mail over TLS and PostgreSQL with sslmode=verify-full.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/ /
USER 65532:65532
# SQLite sorts large results in a file in the working directory, because there is no /tmp.
WORKDIR /data
# With a volume at /data, one container is a whole site. With DATABASE_URL=postgres://… it's one of many.
ENV DATABASE_URL=sqlite:///data/minicompete.db
VOLUME /data
EXPOSE 3000 3001
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/minicompete", "healthcheck"]
ENTRYPOINT ["/minicompete"]
CMD ["serve"]
