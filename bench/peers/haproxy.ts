import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Running } from '../running.ts'
import { freePort, startGateway } from './gateway.ts'

/** One thread of HAProxy, which knows its keys from a map in a file. */
export type LiveMap = Running & {
  /** A command to its socket, once it is carried out: it changes the map in memory, and the file stays as it is. */
  tell(command: string): Promise<void>
  /** Of the map. */
  readonly file: string
}

/** HAProxy with a map of keys, as its documentation has it: what is not in it is answered with 401. */
export async function startLiveMap(keys: readonly string[]): Promise<LiveMap> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-haproxy-'))
  const port = await freePort()
  const [file, settings, socket] = ['keys', 'haproxy.cfg', 'socket'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(file, keys.map((key) => `${key} 1\n`).join(''))
  writeFileSync(settings, configuration({ file, socket, port }))
  const gateway = await startGateway('haproxy', ['-db', '-f', settings], port)
  return {
    port,
    pid: gateway.child.pid!,
    file,
    async tell(command) {
      const connection = connect(socket)
      connection.setEncoding('utf8').end(`${command}\n`)
      let answer = ''
      connection.on('data', (text) => {
        answer += text
      })
      await once(connection, 'close')
      if (answer.trim() !== '') throw new Error(`HAProxy answered: ${answer}`)
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

type Places = { readonly file: string; readonly socket: string; readonly port: number }

const configuration = ({ file, socket, port }: Places): string =>
  [
    'global',
    'nbthread 1',
    `stats socket ${socket} mode 600 level admin`,
    'defaults',
    'mode http',
    'timeout connect 5s',
    'timeout client 300s',
    'timeout server 300s',
    'frontend keys',
    `bind 127.0.0.1:${port}`,
    `http-request return status 200 content-type text/plain string ok if { req.hdr(x-api-key),map(${file}) -m found }`,
    'http-request return status 401 content-type text/plain string no',
    '',
  ].join('\n')
