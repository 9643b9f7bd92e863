import { createServer } from 'node:http'
import { announce } from './announce.ts'

/** A POST that reads JSON and answers JSON, all that stands in a verdict, with nothing decided in between. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { key } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { key: string }
    const text = JSON.stringify({
      valid: key.length > 0,
      code: 'VALID',
      keyId: 'key_01arz3ndektsv4rrffq69g5fav',
      companyId: 'cmp_01arz3ndektsv4rrffq69g5fav',
      userId: 'usr_01arz3ndektsv4rrffq69g5fav',
      permissions: [
        '*:*',
        'keys:create',
        'keys:delete',
        'keys:list',
        'keys:read',
        'keys:rotate',
        'keys:update',
      ],
      mode: 'live',
      expiresAt: null,
      metadata: { team: 'checkout' },
      secret: 'current',
      replaceBy: null,
      limits: null,
      limitedBy: null,
      retryAfterSeconds: null,
      requestId: 'req_01arz3ndektsv4rrffq69g5fav',
    })
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  })
})
announce(server)
