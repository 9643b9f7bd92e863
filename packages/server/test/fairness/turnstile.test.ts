/** Of lists and batches so many are made at once, of one company and of all; who waits is let in by turns. */
import { describe, expect, test } from 'vitest'
import { createTurnstile } from '../../src/http/admission/turnstile.ts'

/** Work that a test ends. */
function createWorks(limits: Partial<Parameters<typeof createTurnstile>[0]> = {}) {
  const turnstile = createTurnstile(
    { eachMax: 2, allMax: 3, waitingMax: 3, waitingOfAllMax: 4, ...limits },
    'lists or batches',
  )
  const inside: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  return {
    inside,
    pass(owner: string, name: string, isWanted?: () => boolean): Promise<string> {
      return turnstile.pass(
        owner,
        async () => {
          inside.push(name)
          const end = Promise.withResolvers<void>()
          ends.set(name, end)
          await end.promise
          inside.splice(inside.indexOf(name), 1)
          return name
        },
        isWanted,
      )
    },
    async end(name: string) {
      ends.get(name)?.resolve()
      for (let step = 0; step < 5; step++) await null
    },
    async fail(name: string) {
      ends.get(name)?.reject(new Error(name))
      for (let step = 0; step < 5; step++) await null
    },
  }
}

describe('a turnstile', () => {
  test('lets in so much of one owner, and the next when one leaves', async () => {
    const works = createWorks()
    for (const name of ['a1', 'a2', 'a3', 'a4']) void works.pass('a', name)
    await null
    expect(works.inside).toEqual(['a1', 'a2'])
    await works.end('a2')
    expect(works.inside).toEqual(['a1', 'a3'])
  })

  test('keeps room for others, however many of one owner wait', async () => {
    const works = createWorks()
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) void works.pass('a', name)
    void works.pass('b', 'b1')
    await null
    expect(works.inside).toEqual(['a1', 'a2', 'b1'])
  })

  test('lets owners in by turns when all of it is taken', async () => {
    const works = createWorks({ allMax: 2, waitingMax: 9, waitingOfAllMax: 9 })
    for (const name of ['a1', 'a2', 'a3', 'a4']) void works.pass('a', name)
    for (const name of ['b1', 'b2', 'c1']) void works.pass(name[0]!, name)
    await null
    const came: string[] = []
    for (const name of ['a1', 'a2', 'b1', 'c1', 'a3']) {
      await works.end(name)
      came.push(works.inside.at(-1)!)
    }
    expect(came).toEqual(['a3', 'b1', 'c1', 'a4', 'b2'])
  })

  test('takes so many of one owner to wait, and others still', async () => {
    const works = createWorks()
    const names = ['a1', 'a2', 'a3', 'a4', 'a5']
    for (const name of names) void works.pass('a', name)
    await expect(works.pass('a', 'a6')).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 })
    void works.pass('b', 'b1')
    await null
    expect(works.inside).toContain('b1')
  })

  test('work that fails leaves like any other, and its failure is told', async () => {
    const works = createWorks({ eachMax: 1, allMax: 1 })
    const failing = works.pass('a', 'a1')
    const next = works.pass('a', 'a2')
    await null
    const told = expect(failing).rejects.toThrow('a1')
    await works.fail('a1')
    await told
    await works.end('a2')
    expect(await next).toBe('a2')
  })

  test('all that wait together are bounded too', async () => {
    const works = createWorks({ allMax: 1, waitingOfAllMax: 2 })
    for (const name of ['a1', 'a2', 'b1']) void works.pass(name[0]!, name)
    await expect(works.pass('c', 'c1')).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('what is wanted no more when its turn comes is not done, and the next is', async () => {
    const works = createWorks({ eachMax: 1, allMax: 1 })
    let isThere = true
    void works.pass('a', 'a1')
    const left = works.pass('a', 'a2', () => isThere)
    void works.pass('a', 'a3')
    await null
    isThere = false
    const told = expect(left).rejects.toMatchObject({ code: 'malformed_request' })
    await works.end('a1')
    await told
    for (let step = 0; step < 5; step++) await null
    expect(works.inside).toEqual(['a3'])
  })
})
