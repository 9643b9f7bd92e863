import type { IncomingMessage } from 'node:http'
import { ApiError, type ApiKey, keyOf, Latchkey, type VerifyResult } from '@latchkey/client'
import { requireKey } from '@latchkey/client/express'
import { requireKey as hook } from '@latchkey/client/fastify'
import { requireKey as requireKeyOfFetch } from '@latchkey/client/fetch'
import { requireKey as middleware } from '@latchkey/client/hono'
import { KeyGuard } from '@latchkey/client/nest'
import { requireKey as procedure } from '@latchkey/client/trpc'
import type { CanActivate } from '@nestjs/common'
import { initTRPC } from '@trpc/server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'

const latchkey = new Latchkey({ url: 'https://keys.example.com', key: async () => 'lk_live_x' })
export const guarded: CanActivate = new KeyGuard({ latchkey })

export const app = express()
app.use(
  requireKey({
    latchkey,
    permissions: (request) => [`orders:${request.method === 'GET' ? 'read' : 'write'}`],
  }),
)
app.get('/orders', (request, response) => {
  const verdict: VerifyResult = keyOf(request)
  // Whoever was let in is somebody's.
  const userId: string = keyOf(request).userId
  response.json([verdict.keyId, userId])
})

Fastify()
  .addHook('onRequest', hook({ latchkey, permission: 'orders:read' }))
  .get(
    '/orders',
    { onRequest: hook({ latchkey, permissions: ({ method }) => [`orders:${method}`] }) },
    () => 1,
  )
app.get('/invoices', requireKey({ latchkey, permission: 'invoices:read' }), (request, response) => {
  response.json(keyOf(request).userId)
})
new Hono().use('*', middleware({ latchkey }))
const t = initTRPC.context<{ req: IncomingMessage }>().create()
export const orders = t.procedure.use(procedure({ latchkey })).query(({ ctx }) => keyOf(ctx.req).userId)

export async function main(): Promise<ApiKey[]> {
  const keys: ApiKey[] = []
  for await (const key of latchkey.keys.list({ status: 'active' })) keys.push(key)
  try {
    const { data, response } = await latchkey.keys
      .rotate(keys[0]!.id, { overlapSeconds: 3600 })
      .withResponse()
    console.log(data.rotation?.previousEndsAt, response.status)
  } catch (error) {
    if (error instanceof ApiError) console.log(error.status, error.code, error.errors[0]?.pointer)
  }
  // @ts-expect-error: a misspelt filter is no filter.
  latchkey.keys.list({ stauts: 'active' })
  return keys
}

export const refused: Promise<Response | undefined> = requireKeyOfFetch({ latchkey })(
  new Request('https://a.example'),
)
