import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NPM_MS_MAX } from './package.ts'

const run = promisify(execFile)

type Versions = Readonly<Record<string, string>>

/** What people run JavaScript with, and the frameworks that they have there. */
export type Platform = {
  readonly name: string
  /** The npm package that brings the runtime; undefined: it is the one that runs this. */
  readonly runtime?: readonly [name: 'node' | 'bun' | 'deno', version: string]
  /** Before the file that it is to run. */
  readonly args?: readonly string[]
  /** Whether a hash can be had without a promise there: else a verifier asks for each key. */
  readonly hasMemory: boolean
  /** In place of those that the folder names. */
  readonly frameworks?: Versions
}

const node = (version: string, hasMemory = true): Platform => ({
  name: `Node ${version}`,
  runtime: ['node', version],
  hasMemory,
})

const OWN: Platform = { name: 'Node of the project', hasMemory: true }

const nest = (version: string, ofFastify = version): Versions => ({
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  '@nestjs/platform-fastify': ofFastify,
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
})

const OLDER: Versions = {
  ...nest('10.4.22'),
  '@hono/node-server': '1.8.2',
  '@trpc/server': '10.45.4',
  express: '4.22.3',
  fastify: '4.29.1',
  hono: '3.12.12',
  koa: '2.16.4',
}

const NEWER: Versions = {
  ...nest('12.5.1', '12.5.0'),
  '@hono/node-server': '2.1.9',
  '@trpc/server': '11.25.2',
  express: '5.3.0',
  fastify: '5.12.8',
  hono: '4.13.19',
  koa: '3.3.0',
}

/** With PLATFORMS=all the oldest and the newest of each that the client is promised for. */
export const PLATFORMS: readonly Platform[] =
  process.env.PLATFORMS === 'all'
    ? [
        OWN,
        { ...OWN, name: 'older frameworks', frameworks: OLDER },
        { ...OWN, name: 'newer frameworks', frameworks: NEWER },
        node('20.0.0', false),
        node('20.16.0'),
        node('20.20.2'),
        node('22.3.0'),
        node('22.23.3'),
        node('26.10.0'),
        { name: 'Bun 1.4.5', runtime: ['bun', '1.4.5'], hasMemory: true },
        {
          name: 'Deno 2.9.6',
          runtime: ['deno', '2.9.6'],
          args: ['run', '--allow-all', '--no-prompt'],
          hasMemory: true,
        },
      ]
    : [OWN]

/** The program and its first arguments. */
export async function installRuntime(
  { runtime, args = [] }: Platform,
  directory: string,
): Promise<readonly string[]> {
  if (runtime === undefined) return [process.execPath, ...args]
  const cwd = join(directory, runtime.join('-'))
  mkdirSync(cwd)
  // Its script brings the program for this machine.
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ private: true, allowScripts: { [runtime[0]]: true } }),
  )
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', runtime.join('@')]
  await run('npm', install, { cwd, timeout: NPM_MS_MAX })
  return [join(cwd, 'node_modules/.bin', runtime[0]), ...args]
}
