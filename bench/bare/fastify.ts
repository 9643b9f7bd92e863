import fastify from 'fastify'
import { announce } from './announce.ts'

/** A web framework with one route and nothing else loaded. */
const app = fastify({ logger: false })
app.get('/*', async () => 'ok')
await app.ready()
announce(app.server)
