import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConsoleInBrowser, openConsole } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'

let opened: ConsoleInBrowser
let neighbour: Server
/** Another port of the same host: the same site to a browser, which sends the cookie along. */
let neighbourUrl: string
let hostile: Page

describe.skipIf(!isBrowserThere)('what another page tries', () => {
  beforeAll(async () => {
    neighbour = createServer((_, answer) =>
      answer.setHeader('content-type', 'text/html').end('<h1>Neighbour</h1>'),
    )
    await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve))
    neighbourUrl = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}/`
    opened = await openConsole()
    hostile = await opened.context.newPage()
    await hostile.goto(neighbourUrl)
  })
  afterAll(async () => {
    await opened?.stop()
    neighbour.close()
  })

  test('to send in the name of whoever is signed in does nothing, and the session goes on', async () => {
    const { service, page, go } = opened
    const email = 'grace@example.com'
    const { id } = await service.call('POST', '/users', { name: 'Grace', role: 'viewer', email })
    const path = `/users/${id}/invitation`
    const invitations = async () => (await service.call('GET', '/audit?action=user.invited')).total
    const before = await invitations()
    // What a page may send anywhere without being asked first: no header of its own, no body that is JSON.
    await hostile.evaluate(
      async (urls) => {
        for (const url of urls) {
          await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' })
          await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' })
        }
      },
      [`${service.url}${path}`, `${service.url}/console/session`, `${service.url}/keys`],
    )
    const asked = await hostile.evaluate(
      (url) =>
        fetch(url, { method: 'DELETE', credentials: 'include', headers: { 'x-latchkey-console': '1' } }).then(
          () => 'answered',
          () => 'kept from it',
        ),
      `${service.url}/console/sessions`,
    )
    expect([await invitations(), asked]).toEqual([before, 'kept from it'])
    await go('/users')
    await page.getByRole('row').filter({ hasText: 'Grace' }).waitFor()
    // The control: the console's own request of the same kind.
    await page.evaluate(
      (url) => fetch(url, { method: 'POST', headers: { 'x-latchkey-console': '1' } }),
      `${service.url}${path}`,
    )
    expect(await invitations()).toBe(before + 1)
  })

  test('to put the console into a frame shows nothing of it', async () => {
    const { service } = opened
    const shown = async (url: string) => {
      await hostile.evaluate((address) => {
        const frame = document.createElement('iframe')
        frame.src = address
        document.body.replaceChildren(frame)
        return new Promise((resolve) => frame.addEventListener('load', resolve))
      }, url)
      // What was refused is an error of the browser's own in its place.
      return hostile.frames()[1]?.url()
    }
    expect(await shown(`${service.url}/console/keys`)).toMatch(/^chrome-error:/)
    // The control: what may be framed is.
    expect(await shown(neighbourUrl)).toBe(neighbourUrl)
  })

  test('to hold on to a console that it opened, or that opened it, is left with nothing in its hands', async () => {
    const { service, page, context, go } = opened
    await hostile.goto(neighbourUrl)
    const appeared = context.waitForEvent('page')
    await hostile.evaluate((url) => {
      Object.assign(window, { held: open(url) })
    }, `${service.url}/console/keys`)
    const victim = await appeared
    await victim.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    expect(await victim.evaluate(() => opener)).toBe(null)
    expect(await hostile.evaluate(() => (window as unknown as { held: Window }).held.closed)).toBe(true)
    await victim.close()
    await go('/settings')
    const link = page.getByRole('link', { name: 'Documentation of the API' })
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
    const reference = context.waitForEvent('page')
    await link.click()
    expect(await (await reference).evaluate(() => opener)).toBe(null)
    await (await reference).close()
  })

  test('to lead on to another host by a link to the console leads nowhere', async () => {
    const { service, page } = opened
    for (const path of [
      '//evil.example',
      '/%2f%2fevil.example/',
      '/keys?next=//evil.example',
      '/\\evil.example',
    ]) {
      await page.goto(`${service.url}/console${path}`)
      await page.locator('h1').first().waitFor()
      expect(new URL(page.url()).origin, path).toBe(service.url)
    }
  })

  test('of all that the console loads only what has its digest in its name may be kept', async () => {
    const { page, go } = opened
    const kept = new Map<string, string>()
    page.on('response', (answer) => {
      const { pathname } = new URL(answer.url())
      kept.set(pathname, answer.headers()['cache-control'] ?? '')
    })
    for (const path of ['/keys', '/users', '/settings']) await go(path)
    await page.getByText('Ready: it verifies and writes').waitFor()
    expect(kept.size).toBeGreaterThan(10)
    for (const [path, rule] of kept) {
      if (path === '/console/icon.svg') continue
      const isHashed = /^\/console\/assets\/[\w-]+-[\w-]{8}\.(?:js|css)$/.test(path)
      expect(rule, path).toBe(isHashed ? 'public, max-age=31536000, immutable' : 'no-store')
    }
    expect(kept.has('/keys')).toBe(true)
  })
})
