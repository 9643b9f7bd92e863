import { expect, test } from 'vitest'
import { atOnce, paced } from './steps.ts'

function* counting(seen: string[]): Generator<void, string> {
  for (const step of ['one', 'two']) {
    seen.push(step)
    yield
  }
  seen.push('end')
  return 'done'
}

test('work is done to its end at once', () => {
  const seen: string[] = []
  expect(atOnce(counting(seen))).toBe('done')
  expect(seen).toEqual(['one', 'two', 'end'])
})

test('the pace is waited for between two steps, and not behind the last', async () => {
  const seen: string[] = []
  const pace = async () => {
    await Promise.resolve()
    seen.push('paced')
  }
  expect(await paced(counting(seen), pace)).toBe('done')
  expect(seen).toEqual(['one', 'paced', 'two', 'paced', 'end'])
})

test('what a step throws ends the work', async () => {
  // biome-ignore lint/correctness/useYield: it fails before its first step ends.
  function* failing(): Generator<void, void> {
    throw new Error('broken')
  }
  expect(() => atOnce(failing())).toThrow('broken')
  await expect(paced(failing(), () => Promise.resolve())).rejects.toThrow('broken')
})
