import { createServer } from 'node:http'
import { announce } from './announce.ts'

/** A POST that reads a form and answers JSON of the size of a token, with nothing signed. */
const TOKEN = 'x'.repeat(700)
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
    const isGrant = form.get('grant_type') === 'client_credentials'
    const text = JSON.stringify({ access_token: isGrant ? TOKEN : '', token_type: 'Bearer', expires_in: 300 })
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  })
})
announce(server)
