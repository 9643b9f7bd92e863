import { describe, expect, it } from 'vitest'
import { LOCAL_MAINTAINER, parseMaintainer } from './debian-build/control.ts'

describe('the maintainer of a Debian package', () => {
  it.each([LOCAL_MAINTAINER, 'Jane Doe <jane@example.com>', 'Zoë <zoe+deb@example.org>'])('is %s', (text) => {
    expect(parseMaintainer(text)).toBe(text)
  })

  it.each([
    '',
    'Jane Doe',
    'jane@example.com',
    '<jane@example.com>',
    'Jane <jane>',
    'Jane jane@example.com',
    'Doe, Jane <jane@example.com>',
    'Jane <jane@example.com> and others',
    'Jane <jane@example.com>\nEssential: yes',
    'Jane\nEssential: yes <jane@example.com>',
    ' <jane@example.com>',
  ])('is not %j, and whoever gave it is told what is', (text) => {
    expect(() => parseMaintainer(text)).toThrow(
      /^--maintainer takes a name and an address[^\n]*'Jane Doe <jane@example\.com>'[^\n]*$/,
    )
  })
})
