import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDist } from '../scripts/build-dist.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { idleMiB, startMs } from './m1-idle.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { startBare, startLatchkey } from './running.ts'
import type { Stores } from './stores.ts'

/** M1 and M1b again, with the package in place of the source. */
export async function m3Packed(extent: Extent, stores: Stores): Promise<Row[]> {
  // As npm lays it out, so that compiled code is kept beside it.
  const home = join(mkdtempSync(join(tmpdir(), 'latchkey-bench-')), 'node_modules')
  try {
    const { directory } = await buildDist(home)
    const launcher = join(directory, 'bin/latchkey.js')
    const store = await stores.empty()
    const packed = () => startLatchkey(store, launcher)
    const source = () => startLatchkey(store)
    const memory = await alternate(extent, {
      packed: () => idleMiB(extent, packed),
      source: () => idleMiB(extent, source),
      fastify: () => idleMiB(extent, () => startBare('fastify')),
    })
    const start = await alternate(extent, {
      packed: () => startMs(packed, '/readyz'),
      source: () => startMs(source, '/readyz'),
      bare: () => startMs(() => startBare('constant'), '/'),
    })
    return [
      rowOf({
        id: 'M3',
        what: 'the package: idle resident memory ÷ bare fastify',
        rounds: ratios(memory.packed, memory.fastify),
        isBetter: 'lower',
        floor: 2,
        goal: 1.5,
        note: rates(memory, 'MiB'),
      }),
      rowOf({
        id: 'M3b',
        what: 'the package: from start to ready (GET /readyz answers 200) ÷ bare node:http',
        rounds: ratios(start.packed, start.bare),
        isBetter: 'lower',
        floor: 8,
        goal: 4,
        note: rates(start, 'ms'),
      }),
    ]
  } finally {
    rmSync(join(home, '..'), { recursive: true, force: true })
  }
}
