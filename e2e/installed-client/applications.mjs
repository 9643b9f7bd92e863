// One application for each framework, as a user would write it, all guarded alike; prints where each listens. With
// `verifier` as its argument keys are judged in this process.
import 'reflect-metadata'
import { createServer } from 'node:http'
import { serve as serveByNode } from '@hono/node-server'
import { keyOf, Latchkey } from '@latchkey/client'
import { requireKey as requireKeyInExpress, requireKeyInKoa } from '@latchkey/client/express'
import { requireKey as requireKeyInFastify } from '@latchkey/client/fastify'
import { requireKey as requireKeyOfFetch } from '@latchkey/client/fetch'
import { requireKey as requireKeyInHono } from '@latchkey/client/hono'
import { KeyGuard } from '@latchkey/client/nest'
import { withKey } from '@latchkey/client/next'
import { requireKey as requireKeyInTrpc } from '@latchkey/client/trpc'
import { Controller, Get, Module, Req } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { initTRPC } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'

const latchkey = new Latchkey()
const options = {
  ...(process.argv[2] === 'verifier' ? { verifier: latchkey.verifier() } : { latchkey }),
  permission: 'orders:read',
  clientAddress: { trustedProxies: ['127.0.0.0/8', '::1'] },
}

const listening = (server) =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`)),
  )

async function startExpress() {
  const app = express()
  app.use(requireKeyInExpress(options), express.json())
  app.all('/orders', (request, response) => response.json({ keyId: keyOf(request).keyId }))
  return listening(createServer(app))
}

async function startKoa() {
  const app = new Koa()
  app.use(requireKeyInKoa(options))
  app.use((context) => {
    context.body = { keyId: keyOf(context).keyId }
  })
  return listening(createServer(app.callback()))
}

async function startFastify() {
  const app = Fastify()
  app.addHook('onRequest', requireKeyInFastify(options))
  app.all('/orders', async (request) => ({ keyId: keyOf(request).keyId }))
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function startHono() {
  const app = new Hono()
  // Before Hono 4, what is used without a path is used for `/` only.
  app.use('*', requireKeyInHono(options))
  app.all('/orders', (context) => context.json({ keyId: keyOf(context).keyId }))
  return serve(app.fetch)
}

async function startNest(...adapter) {
  class Orders {
    find(request) {
      return { keyId: keyOf(request).keyId }
    }
  }
  Controller('orders')(Orders)
  Get()(Orders.prototype, 'find', Object.getOwnPropertyDescriptor(Orders.prototype, 'find'))
  Req()(Orders.prototype, 'find', 0)
  class App {}
  Module({ controllers: [Orders] })(App)
  const app = await NestFactory.create(App, ...adapter, { logger: false })
  app.useGlobalGuards(new KeyGuard(options))
  await app.listen(0, '127.0.0.1')
  return `http://127.0.0.1:${app.getHttpServer().address().port}`
}

async function startTrpc() {
  const t = initTRPC.context().create({
    errorFormatter: ({ shape, error }) => ({ ...shape, problem: error.cause }),
  })
  const router = t.router({
    orders: t.procedure.use(requireKeyInTrpc(options)).query(({ ctx }) => ({ keyId: keyOf(ctx.req).keyId })),
  })
  return listening(createServer(createHTTPHandler({ router, createContext: ({ req }) => ({ req }) })))
}

/** What speaks of Request and Response, by the server of the runtime itself; by Hono's for Node. */
async function serve(handle) {
  const [hostname, port] = ['127.0.0.1', 0]
  if (globalThis.Bun) return Bun.serve({ hostname, port, fetch: handle }).url.origin
  if (globalThis.Deno) {
    const { addr } = Deno.serve({ hostname, port, onListen() {} }, handle)
    return `http://${addr.hostname}:${addr.port}`
  }
  return new Promise((resolve) =>
    serveByNode({ fetch: handle, port, hostname }, (at) => resolve(`http://127.0.0.1:${at.port}`)),
  )
}

/** Who is at the other end, as each of them says it. */
const peerOf = (request, given) =>
  given.incoming?.socket.remoteAddress ?? given.remoteAddr?.hostname ?? given.requestIP(request).address

const guard = requireKeyOfFetch(options)
const peers = new WeakMap()
const handler = withKey((request) => Response.json({ keyId: keyOf(request).keyId }), {
  ...options,
  peerOf: (request) => peers.get(request),
})

const addresses = {
  express: await startExpress(),
  koa: await startKoa(),
  fastify: await startFastify(),
  hono: await startHono(),
  nest: await startNest(),
  'nest on fastify': await startNest(new FastifyAdapter()),
  trpc: await startTrpc(),
  fetch: await serve(
    async (request, given) =>
      (await guard(request, { peer: peerOf(request, given) })) ??
      Response.json({ keyId: keyOf(request).keyId }),
  ),
  next: await serve((request, given) => {
    peers.set(request, peerOf(request, given))
    return handler(request)
  }),
}
console.log(JSON.stringify(addresses))
