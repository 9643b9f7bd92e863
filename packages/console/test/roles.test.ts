import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBarriers, openPage } from './browser.ts'
import { type ConsoleInBrowser, openConsole, PASSWORD } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'

let opened: ConsoleInBrowser

/** Somebody with a role, signed in in a browser of their own. */
type Person = { readonly page: Page; readonly id: string; readonly complaints: string[] }

describe.skipIf(!isBrowserThere)('what people of each role see of keys', () => {
  const contexts: BrowserContext[] = []
  let ownersKey: string
  beforeAll(async () => {
    opened = await openConsole()
    ownersKey = (await opened.makeKey({ description: 'Of the owner' })).id
  })
  afterAll(async () => {
    for (const context of contexts) await context.close()
    await opened?.stop()
  })

  async function personOf(role: string): Promise<Person> {
    const { browser, service, signIn } = opened
    const email = `${role}@example.com`
    const { id } = await service.call('POST', '/users', { name: `The ${role}`, role, email })
    const { token } = await service.call('POST', `/users/${id}/invitation`)
    await service.call('POST', '/auth/password', { token, password: PASSWORD }, { 'x-api-key': '' })
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } })
    contexts.push(context)
    const { page, complaints } = await openPage(context)
    await page.goto(`${service.url}/console/keys`)
    await signIn(page, email)
    await page.getByRole('link', { name: 'Of the owner' }).waitFor()
    return { page, id, complaints }
  }

  const deedsOn = (page: Page) =>
    page
      .getByRole('main')
      .getByRole('button', { name: /^(Edit|Rotate|Disable|Delete key|End the old|Give it|Cancel the)/ })
      .allTextContents()

  async function visit(page: Page, path: string): Promise<void> {
    await page.goto(`${opened.service.url}/console${path}`)
    await page.locator('.lk-panel').first().waitFor()
  }

  test('an admin is offered of an owner’s key what takes power away, and told why no more', async () => {
    const { service } = opened
    const { page, id, complaints } = await personOf('admin')
    await service.call('POST', '/keys', { userId: id, description: 'Of the admin' })
    await visit(page, `/keys/${ownersKey}`)
    await page.getByText('This key belongs to an owner, and you are an admin').waitFor()
    expect(await deedsOn(page)).toEqual(['Delete key'])
    expect(await findBarriers(page)).toEqual([])
    await service.call('POST', `/keys/${ownersKey}/rotation`, {})
    await visit(page, `/keys/${ownersKey}`)
    await page.getByRole('heading', { name: 'Rotation' }).waitFor()
    expect(await deedsOn(page)).toEqual(['Delete key', 'End the old secret now'])
    await page.getByRole('button', { name: 'End the old secret now' }).click()
    await page.getByRole('button', { name: 'End the old secret', exact: true }).click()
    await page.getByText('The old secret is dead on all servers.').waitFor()
    await page.goto(`${service.url}/console/keys`)
    await page.getByLabel('Pick Of the admin').check()
    const bar = page.getByRole('region', { name: 'Picked keys' })
    await bar.getByRole('button', { name: 'Disable' }).waitFor()
    await page.getByLabel('Pick Of the owner').check()
    await bar.getByText('1 of them can be deleted, but not disabled').waitFor()
    expect(await bar.getByRole('button', { name: 'Disable' }).count()).toBe(0)
    // The owner of a row is above it, too.
    await page.goto(`${service.url}/console/users`)
    const owner = page.getByRole('row').filter({ hasText: 'ada@example.com' })
    await owner.getByText('By an owner only').waitFor()
    expect(await owner.getByRole('button', { name: /Ada Lovelace$/ }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('a developer is offered nothing of another user’s key, in the list neither', async () => {
    const { service, makeKey } = opened
    const { page, id, complaints } = await personOf('developer')
    await service.call('POST', '/keys', { userId: id, description: 'Of the developer' })
    const { id: disabled } = await makeKey({ description: 'Disabled' })
    await service.call('PATCH', `/keys/${disabled}`, { enabled: false })
    await visit(page, `/keys/${ownersKey}`)
    await page.getByText('This key is another user’s').waitFor()
    expect(await deedsOn(page)).toEqual([])
    await page.goto(`${service.url}/console/keys`)
    await page.getByLabel('Pick Of the developer').waitFor()
    expect(await page.getByLabel('Pick Of the owner').count()).toBe(0)
    // Oneself by name, also where nobody else is known by it.
    await page.getByRole('complementary').getByText('The developer (developer)').waitFor()
    const own = page.getByRole('row').filter({ hasText: 'Of the developer' })
    await own.getByRole('cell', { name: 'The developer', exact: true }).waitFor()
    // Whom a developer may not know by name stands there by an id that fits.
    const row = page.getByRole('row').filter({ hasText: 'Of the owner' })
    const short = `usr_…${service.ownerId.slice(-5)}`
    await row.getByRole('cell', { name: short, exact: true }).waitFor()
    await row.getByText(`by ${short}`).waitFor()
    await page.getByLabel('Pick all on this page').check()
    await page.getByText('1 picked').waitFor()
    // Nor where one click would mend it.
    await visit(page, `/why?key=${disabled}`)
    await page.getByText('This key is another user’s').waitFor()
    expect(await page.getByRole('button', { name: 'Enable the key' }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('a viewer is told that it only looks', async () => {
    const { page, complaints } = await personOf('viewer')
    await visit(page, `/keys/${ownersKey}`)
    await page.getByText('You are a viewer: you see keys and change none.').waitFor()
    expect(await deedsOn(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
