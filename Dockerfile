# The image of Postino: compiled JavaScript and its dependencies, nothing else, as an ordinary user.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The compiler comes as an optional dependency of typescript, so nothing may be left out here.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY .ci/copy-assets.mjs .ci/copy-assets.mjs
COPY src src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings Node 24 itself; the optional Node among the dependencies is for checkouts.
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_OPTIONS="--max-semi-space-size=32 --max-old-space-size=800" NODE_ENV=production POSTINO_CONFIG=/app/config/docker.yaml
WORKDIR /app
RUN mkdir -m 0700 data && chown node:node data \
  && printf '#!/bin/sh\nexec node /app/dist/main.js "$@"\n' > /usr/local/bin/postino && chmod 755 /usr/local/bin/postino
COPY package.json LICENSE ./
COPY config config
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
VOLUME /app/data
# Submission with STARTTLS, submission with implicit TLS, web, links and the unsubscribe page, mail to ourselves.
EXPOSE 2525 2465 8080 8081 2526
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js", "start"]
