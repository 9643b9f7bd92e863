# No engine was at hand to build this; what it runs is checked by hand: npm ci --omit=dev, then serve.
FROM node:24-slim AS console
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages ./packages
# The console is built with development packages, which the service does without.
RUN npm ci --ignore-scripts && node packages/console/build.js

FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages ./packages
COPY --from=console /app/packages/console/dist ./packages/console/dist
# The image brings Node along: the pinned copy, which an install script would fetch, is not needed.
RUN npm ci --omit=dev --ignore-scripts && install -d -o node -g node -m 0700 /data
USER node
# Inside a container loopback reaches nobody: publish the port to where TLS ends, not to the world.
ENV HOST=0.0.0.0 PORT=7070 LATCHKEY_DATA_DIR=/data NODE_ENV=production
VOLUME /data
EXPOSE 7070
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/readyz').then(a=>process.exit(a.ok?0:1),()=>process.exit(1))"]
# Node itself is process 1, so that a stop reaches it and requests in flight are answered.
CMD ["node", "packages/cli/bin/latchkey.js", "serve"]
