import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { announce } from './announce.ts'

/** The framework as the service has it, with one route and nothing else loaded. */
const load = createRequire(new URL('../../packages/server/package.json', import.meta.url))
const fastify = load('fastify') as (options: object) => {
  readonly server: Server
  get(path: string, answer: () => Promise<string>): void
  ready(): Promise<void>
}
const app = fastify({ logger: false })
app.get('/*', async () => 'ok')
await app.ready()
announce(app.server)
