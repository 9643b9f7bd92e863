import { join } from 'node:path'
import { expect, it } from 'vitest'
import { outDirectory } from './out-directory.ts'

it.each([
  ['built', '/root/dist', join(process.cwd(), 'built')],
  ['/elsewhere', '/root/dist', '/elsewhere'],
  [undefined, '/root/dist', '/root/dist'],
])('what is built goes from %s or %s to %s', (given, otherwise, directory) => {
  expect(outDirectory(given, otherwise)).toBe(directory)
})

it('what is built does not go where an empty variable leads', () => {
  expect(() => outDirectory('', '/root/dist')).toThrow('--out is empty')
})
