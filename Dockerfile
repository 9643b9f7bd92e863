# npm run test:image builds it and runs it; docs/operate/docker.md says with what.
FROM node:24-slim AS build
WORKDIR /source
COPY package.json package-lock.json tsconfig.base.json LICENSE ./
COPY packages ./packages
# The console shows them.
COPY docs/use/gateways ./docs/use/gateways
COPY scripts ./scripts
# The install script that is left out fetches another Node: the image has one.
RUN npm ci --ignore-scripts && node scripts/build-dist.ts --out /built

FROM node:24-slim
COPY --from=build /built/latchkey /opt/latchkey
# Whoever the platform lets it run as is in group 0 (OpenShift), or owns the volume (Kubernetes' fsGroup).
RUN ln -s /opt/latchkey/bin/latchkey.js /usr/local/bin/latchkey && install -d -o 1000 -g 0 -m 0770 /data
# By number: whoever checks that it is not root cannot look names up.
USER 1000:0
# Where a backup lands that is given without a directory: the rest of the root may be read-only.
WORKDIR /data
# Inside a container loopback reaches nobody: publish the port to where TLS ends, not to the world.
ENV HOST=0.0.0.0 PORT=7070 LATCHKEY_DATA_DIR=/data NODE_ENV=production
VOLUME /data
EXPOSE 7070
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/readyz').then(a=>process.exit(a.ok?0:1),()=>process.exit(1))"]
# Node itself is process 1, so that a stop reaches it and requests in flight are answered.
ENTRYPOINT ["latchkey"]
CMD ["serve"]
