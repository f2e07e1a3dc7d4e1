# One static binary in an image that holds nothing else: docker build -t minicompete --build-arg VERSION=1.2.3 .
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
# To recognise the servers of others: mail over TLS, PostgreSQL with sslmode=verify-full.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/ /
USER 65532:65532
# SQLite sorts what is too much for memory in a file of the working directory: here is no /tmp.
WORKDIR /data
# With a volume on /data one container is a whole site. DATABASE_URL=postgres://… makes it one of many.
ENV DATABASE_URL=sqlite:///data/minicompete.db
VOLUME /data
EXPOSE 3000 3001
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/minicompete", "healthcheck"]
ENTRYPOINT ["/minicompete"]
CMD ["serve"]
