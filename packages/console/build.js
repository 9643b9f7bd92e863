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
    plugins: [headOfThePage(), wholeSheet()],
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

/**
 * The script of the colours gets a name with a digest, so that a browser keeps it. What the first script will load is
 * fetched beside it.
 */
function headOfThePage() {
  const scheme = readFileSync(`${root}src/scheme.js`, 'utf8')
  return {
    name: 'head-of-the-page',
    buildStart() {
      this.emitFile({ type: 'asset', name: 'scheme.js', source: scheme })
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const made = Object.values(bundle)
        const colours = made.find(({ names }) => names?.includes('scheme.js'))
        const main = made.find(({ facadeModuleId }) => facadeModuleId?.endsWith('/src/main.tsx'))
        const preloads = [main.fileName, ...main.imports]
          .filter((name) => !html.includes(name))
          .map((name) => `<link rel="modulepreload" crossorigin href="./${name}">`)
        return html
          .replace('<!-- colours -->', `<script src="./${colours.fileName}"></script>`)
          .replace('</head>', `  ${preloads.join('\n    ')}\n  </head>`)
      },
    },
  }
}

/** A part of the library whose rules are not in library.css would stand there naked. */
function wholeSheet() {
  const sheet = readFileSync(`${root}src/ui/library.css`, 'utf8')
  return {
    name: 'whole-sheet',
    generateBundle(_, bundle) {
      const parts = Object.values(bundle)
        .flatMap(({ moduleIds }) => moduleIds ?? [])
        .flatMap((id) => /@mantine\/core\/.*\/components\/(\w+)\/.*\.module\.mjs$/.exec(id)?.[1] ?? [])
      const missing = [...new Set(parts)].filter((part) => !sheet.includes(`/${part}.css`))
      if (missing.length > 0) this.error(`src/ui/library.css lacks the rules of ${missing.join(', ')}`)
    },
  }
}
