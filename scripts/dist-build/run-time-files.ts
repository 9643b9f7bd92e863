import { cpSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Plugin } from 'rolldown'

type Places = {
  /** The root of the repository. */
  readonly root: string
  /** The folder of the package that is made. */
  readonly directory: string
}

/** Where the JavaScript lies in the package: every file of it beside the others. */
export const CODE = 'lib'
/** Where the console's files lie in it. */
export const CONSOLE = 'console'

const READ = /new URL\(\s*'(\.[^']+)',\s*import\.meta\.url,?\s*\)/g

/**
 * Puts into the package what the source reads from disk while it runs: a worker becomes a file of its own, a text is
 * copied, and a directory is found at its place in the package. Throws Error where it cannot see what is meant, since
 * the package would miss it on another machine only.
 */
export function runTimeFiles({ root, directory }: Places): Plugin {
  const directories: ReadonlyMap<string, string> = new Map([
    [root, '../'],
    [join(root, 'packages/console/dist'), `../${CONSOLE}/`],
  ])
  return {
    name: 'run-time-files',
    transform(code, id) {
      if (!id.startsWith(join(root, 'packages/')) || !code.includes('import.meta')) return null
      const changed = code.replaceAll(READ, (_read, path: string) => {
        const file = resolve(dirname(id), path)
        const place = directories.get(file)
        if (place !== undefined) return `new URL('${place}', import.meta.url)`
        if (!file.endsWith('.ts')) {
          cpSync(file, join(directory, CODE, basename(file)))
          return `new URL('./${basename(file)}', import.meta.url)`
        }
        const fileName = `${basename(file, '.ts')}.js`
        this.emitFile({ type: 'chunk', id: file, fileName })
        return `new URL('./${fileName}', import.meta.url)`
      })
      const rest = changed.replaceAll(/new URL\('[^']+', import\.meta\.url\)/g, '')
      if (rest.includes('import.meta')) {
        throw new Error(`${id} uses import.meta for something else than new URL('./file', import.meta.url)`)
      }
      return { code: changed, map: null }
    },
  }
}
