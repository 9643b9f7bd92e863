import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { CODE, runTimeFiles } from './run-time-files.ts'

/**
 * Writes the command, and with it the service, as JavaScript: without types, without other packages, and in as few
 * files as its lazy imports leave. Names stay, so that a stack can be read. Answers the files that went into it.
 */
export async function writeProgram(root: string, directory: string): Promise<readonly string[]> {
  const bundle = await rolldown({
    cwd: root,
    input: { main: join(root, 'packages/cli/src/main.ts') },
    platform: 'node',
    // Drivers that are asked for only where somebody chose them, and nobody here does.
    external: ['pg-native', /^cloudflare:/],
    plugins: [runTimeFiles({ root, directory })],
    onLog(level, log, report) {
      if (level === 'warn') throw new Error(`the package would not be whole: ${log.message}`)
      report(level, log)
    },
  })
  try {
    const { output } = await bundle.write({
      dir: join(directory, CODE),
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      // Those of the licences are in a file of their own, whole.
      comments: false,
    })
    return output.flatMap((made) => (made.type === 'chunk' ? made.moduleIds : []))
  } finally {
    await bundle.close()
  }
}
