/** A process that runs the command line again and again, each time with other arguments and settings. */
import { main } from '../src/main.ts'

/** A command to run. Nothing comes on its standard input. */
export type Asked = { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }
export type Answered = { readonly status: number; readonly stdout: string; readonly stderr: string }

// Each run adds its own listeners, as it would in a process of its own.
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0)

const told = { stdout: '', stderr: '' }
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = (text: unknown, ...rest: readonly unknown[]) => {
    told[name] += String(text)
    const whenWritten = rest.findLast((value) => typeof value === 'function')
    if (whenWritten !== undefined) setImmediate(() => whenWritten())
    return true
  }
}

process.on('message', async ({ args, env }: Asked) => {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.exitCode = undefined
  Object.assign(told, { stdout: '', stderr: '' })
  const status = await main([process.execPath, 'latchkey', ...args])
  process.send?.({ status, ...told } satisfies Answered)
})
