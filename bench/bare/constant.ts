import { createServer } from 'node:http'
import { announce } from './announce.ts'

/** The least a Node HTTP server can do: one answer to everything, nothing looked at. */
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 2 })
  response.end('ok')
})
announce(server)
