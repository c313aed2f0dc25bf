# One image for migrate, api and worker; docker-compose.yml says which of them a container is.
FROM node:20-bookworm-slim AS build
WORKDIR /app
# The manifests alone first: the packages are fetched again only when these change.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY shared/package.json shared/
COPY prisma/package.json prisma/
COPY api/package.json api/
COPY worker/package.json worker/
COPY test/package.json test/
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile
COPY . .
RUN node scripts/setup.mjs
# What goes on is what runs: no compiler, no test tools.
RUN rm -rf node_modules */node_modules test scripts \
  && CI=true npx --yes pnpm@12.21.0 install --frozen-lockfile --prod --filter '@closebell/api...' --filter '@closebell/worker...'

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
USER node
CMD ["node", "api/dist/main.js"]
