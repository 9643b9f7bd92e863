import { describe, expect, it } from 'vitest'
import { isRepeatable } from './repeatable.ts'

describe('a text given in a wrong place', () => {
  it.each([
    '',
    '70000',
    '7070/tcp',
    'srve',
    'keys.example.com',
    'https://keys.example.com/latchkey',
    'http://192.0.2.7:7070',
    '192.0.2.0/24',
    '2001:db8::1',
    '[2001:db8::1]:7070',
    'proxy.internal:3128',
  ])('is repeated: %s', (text) => expect(isRepeatable(text)).toBe(true))

  it.each([
    `lk_live_${'a'.repeat(49)}`,
    'correct horse',
    'correcthorsebattery',
    'f'.repeat(64),
    'a@b',
    'postgres://a:b@h/d',
    'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
    `https://keys.example.com/${'f'.repeat(32)}`,
    'https://keys.example.com/?token=1',
  ])('is not repeated, for it may be a secret: %s', (text) => expect(isRepeatable(text)).toBe(false))
})
