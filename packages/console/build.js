/**
 * Builds the console into dist, when the packages are installed. Without development packages there is nothing to build
 * with: then it says so, and the service runs without its console.
 * `--out DIRECTORY`: into another. `--modules FILE`: lists there, as JSON, the files that went into it.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'

const root = fileURLToPath(new URL('.', import.meta.url))
const { values } = parseArgs({ options: { out: { type: 'string' }, modules: { type: 'string' } } })
const dist = values.out ?? fileURLToPath(new URL('./dist/', import.meta.url))

// Whatever whoever calls this is set to: else each element would name the file, and the machine, that it is from.
process.env.NODE_ENV = 'production'
const vite = await loadVite()
if (vite === undefined) {
  console.log('The console is not built: this install leaves out development packages. npm ci brings it.')
} else {
  await build(vite)
}

async function loadVite() {
  try {
    return await import('vite')
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes("'vite'")) return undefined
    throw error
  }
}

async function build({ build: bundle }) {
  rmSync(dist, { recursive: true, force: true })
  const { output } = await bundle({
    configFile: false,
    root,
    // Names in the page are relative: the service puts the path before them under which it is reached.
    base: './',
    logLevel: 'warn',
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: 'es2022',
      // Nothing inline, which the policy of the console forbids, but for pictures.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1_000,
      rolldownOptions: {
        // 'use client' in the library's files means nothing here.
        onLog: (level, log, report) => log.code === 'MODULE_LEVEL_DIRECTIVE' || report(level, log),
      },
    },
  })
  for (const path of readdirSync(dist, { recursive: true })) {
    if (!/\.(?:js|css|svg)$/.test(path)) continue
    writeFileSync(`${dist}/${path}.gz`, gzipSync(readFileSync(`${dist}/${path}`), { level: 9 }))
  }
  if (values.modules === undefined) return
  writeFileSync(values.modules, JSON.stringify(output.flatMap((made) => made.moduleIds ?? [])))
}
