#!/usr/bin/env node
// Plain JavaScript on purpose: it must be able to speak on a Node that cannot run the rest.
const NODE_MAJOR_MIN = 24
const major = Number(process.versions.node.split('.')[0])

if (major < NODE_MAJOR_MIN) {
  process.stderr.write(
    `latchkey: this is Node ${process.versions.node}, and Node ${NODE_MAJOR_MIN} or newer is needed: ` +
      'run it through npm (npm start, npx latchkey), which uses the Node that the project brings along.\n',
  )
  process.exit(1)
}

// Whatever this program writes, the store above all, is for its own user only.
process.umask(0o077)

const { main } = await import('../src/main.ts')
process.exitCode = await main(process.argv)
