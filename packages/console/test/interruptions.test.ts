import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openPage } from './browser.ts'
import { type ConsoleInBrowser, openConsole, PASSWORD } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'

let opened: ConsoleInBrowser
/** What the browser itself writes down of a connection that was lost on purpose. */
const OF_THE_LOSS =
  /Failed to load resource: (?:net::ERR_|the server responded with a status of 502)|^MissingPartError/

describe.skipIf(!isBrowserThere)('what comes between', () => {
  beforeAll(async () => {
    opened = await openConsole()
    await opened.makeKey({ description: 'First key' })
  })
  beforeEach(() => {
    opened.complaints.length = 0
  })
  afterAll(() => opened?.stop())

  const said = (text: string | RegExp) =>
    opened.page.getByText(text).filter({ visible: true }).first().waitFor()
  const complaints = () => opened.complaints.filter((text) => !OF_THE_LOSS.test(text))

  test('a slow network shows the page and rows to come, and nothing jumps when they are there', async () => {
    const { page, service } = opened
    const gate = Promise.withResolvers<void>()
    await page.route('**/keys?*', async (route) => {
      await gate.promise
      await route.continue()
    })
    await page.goto(`${service.url}/console/keys`)
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    expect(await page.getByRole('table').getAttribute('aria-busy')).toBe('true')
    expect(await page.getByRole('table').locator('.lk-loading').count()).toBeGreaterThan(3)
    const placeOf = () => page.getByRole('columnheader', { name: 'Description' }).boundingBox()
    const before = await placeOf()
    gate.resolve()
    await page.getByRole('link', { name: 'First key' }).waitFor()
    expect((await placeOf())?.y).toBe(before?.y)
    await page.unroute('**/keys?*')
    expect(complaints()).toEqual([])
  })

  test('while a search waits for its answer, the rows before it are told to be old ones', async () => {
    const { page, go } = opened
    const gate = Promise.withResolvers<void>()
    await go('/keys')
    await page.getByRole('link', { name: 'First key' }).waitFor()
    await page.route('**/keys?*search*', async (route) => {
      await gate.promise
      await route.continue()
    })
    const isBusy = () => page.getByRole('table').getAttribute('aria-busy')
    expect(await isBusy()).toBe('false')
    await page.getByRole('searchbox', { name: 'Search' }).fill('First')
    await expect.poll(isBusy).toBe('true')
    expect(await page.getByRole('link', { name: 'First key' }).count()).toBe(1)
    gate.resolve()
    await expect.poll(isBusy).toBe('false')
    await page.unroute('**/keys?*search*')
    expect(complaints()).toEqual([])
  })

  test('a console that does not come says so, and no page is blank', async () => {
    const { page, service } = opened
    await page.route('**/assets/main-*.js', (route) => route.abort())
    await page.goto(`${service.url}/console/keys`)
    await said('The console did not load')
    await page.unroute('**/assets/main-*.js')
    await page.reload()
    await page.getByRole('link', { name: 'First key' }).waitFor()
    expect(complaints()).toEqual([])
  })

  test('a lost network is told also where only a list is asked for, and what comes back goes on by itself', async () => {
    const { page, context, go } = opened
    await go('/keys')
    await page.getByRole('link', { name: 'First key' }).waitFor()
    await context.setOffline(true)
    await page.getByLabel('Status').selectOption('All')
    await said('The service did not answer')
    await context.setOffline(false)
    await page.getByText('The service did not answer').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'First key' }).waitFor()
    expect(complaints()).toEqual([])
  })

  test('a lost network keeps what was typed, and the second try makes one key', async () => {
    const { page, service, context, button, dialog, go } = opened
    await go('/keys')
    await button('Create key').first().click()
    await dialog().getByLabel('Description').fill('Made on a train')
    await context.setOffline(true)
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await said('The service did not answer. Check the network; what you typed is kept.')
    await context.setOffline(false)
    // It arrives, and the answer is lost on the way back.
    await page.route('**/keys', async (route) => {
      await route.fetch()
      await route.abort()
    })
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await expect.poll(async () => (await service.call('GET', '/keys?search=train')).total).toBe(1)
    await page.unroute('**/keys')
    await expect.poll(() => dialog().getByRole('button', { name: 'Create key' }).isEnabled()).toBe(true)
    expect(await dialog().getByLabel('Description').inputValue()).toBe('Made on a train')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await page.locator('#revealed-text').waitFor()
    expect((await service.call('GET', '/keys?search=train')).total).toBe(1)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    // Who has not been signed out is not told so.
    await context.setOffline(true)
    await button('Sign out').click()
    await said('The service did not answer.')
    await context.setOffline(false)
    await page.getByRole('heading', { name: 'Facts' }).waitFor()
    expect(complaints()).toEqual([])
  })

  test('an answer that was lost does not turn what a dialog asks into its opposite', async () => {
    const { page, service, button, dialog, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Stopped twice' })
    await go(`/keys/${id}`)
    await button('Disable').click()
    await page.route(`**/keys/${id}`, async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue()
      await route.fetch()
      await route.abort()
    })
    await dialog().getByRole('button', { name: 'Disable key' }).click()
    await said('The service did not answer.')
    await page.unroute(`**/keys/${id}`)
    // The page finds out by itself, behind the dialog.
    await page.getByText('Enable', { exact: true }).waitFor()
    await dialog().getByRole('heading', { name: 'Disable Stopped twice?' }).waitFor()
    await dialog().getByRole('button', { name: 'Disable key' }).click()
    await said('Disabled: dead on all servers.')
    expect((await service.call('GET', `/keys/${id}`)).enabled).toBe(false)
    expect(complaints()).toEqual([])
  })

  test('what was asked of one rotation is not asked of the next, also when the answer was lost', async () => {
    const { page, service, button, dialog, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Rotated twice' })
    await service.call('POST', `/keys/${id}/rotation`, {})
    await go(`/keys/${id}`)
    await button('End the old secret now').click()
    await page.route('**/rotation', async (route) => {
      await route.fetch()
      await route.abort()
    })
    await button('End the old secret').click()
    // The page finds out by itself.
    await dialog().waitFor({ state: 'detached' })
    await page.unroute('**/rotation')
    await button('Rotate').click()
    await dialog().getByRole('button', { name: 'Rotate' }).click()
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await said('The new secret was not used yet.')
    expect(await dialog().count()).toBe(0)
    expect(complaints()).toEqual([])
  })

  test.each([
    ['Create key', '**/keys'],
    ['Rotate', '**/rotation'],
  ])('“%s” does not close while the secret that it alone will show is on its way', async (verb, asked) => {
    const { page, button, dialog, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Not closed' })
    await go(verb === 'Rotate' ? `/keys/${id}` : '/keys')
    await button(verb).first().click()
    const gate = Promise.withResolvers<void>()
    await page.route(asked, async (route) => {
      await gate.promise
      await route.continue()
    })
    const sent = page.waitForRequest(asked)
    await dialog().getByRole('button', { name: verb }).click()
    await sent
    await page.keyboard.press('Escape')
    await page.mouse.click(5, 5)
    await expect.poll(() => dialog().getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true)
    // Nor is the tab closed, or loaded anew, unasked.
    const question = page.waitForEvent('dialog')
    await page.evaluate(() => setTimeout(() => location.reload()))
    await (await question).dismiss()
    gate.resolve()
    await page.locator('#revealed-text').waitFor()
    await page.unroute(asked)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    expect(complaints()).toEqual([])
  })

  test('a service that does not answer is waited for in words', async () => {
    const { page, service } = opened
    const gate = Promise.withResolvers<void>()
    await page.route('**/console/session', async (route) => {
      await gate.promise
      await route.continue()
    })
    await page.goto(`${service.url}/console/keys`)
    await said('Opening the console…')
    gate.resolve()
    await page.getByRole('link', { name: 'First key' }).waitFor()
    await page.unroute('**/console/session')
    expect(complaints()).toEqual([])
  })

  test('a service that is started again is asked again, and whoever was signed in still is', async () => {
    const { page, service, button, go } = opened
    await go('/keys')
    await page.getByRole('link', { name: 'First key' }).waitFor()
    await service.stopService()
    await page.getByLabel('Status').selectOption('all')
    await said('The service did not answer.')
    await page.getByRole('link', { name: 'Audit' }).click()
    await said('This part of the console did not load')
    await button('Load it again').click()
    await said('The service did not answer.')
    await service.startService()
    await button('Load it again').click()
    await page.getByRole('cell', { name: 'key.created' }).first().waitFor()
    expect(complaints()).toEqual([])
  })

  test('a session that ends under a form asks for the password over it, and the change goes through', async () => {
    const { page, service, context, button, dialog, go, signIn, makeKey } = opened
    const { id } = await makeKey({ description: 'Edited late' })
    await go(`/keys/${id}`)
    await button('Edit').click()
    await dialog().getByLabel('Description').fill('Typed before the end')
    const here = { 'x-latchkey-console': '1' }
    await context.request.delete(`${service.url}/console/sessions`, { headers: here })
    // The page itself may have found out first, and asks over the form.
    await button('Save').dispatchEvent('click')
    await said('What you were doing is still here.')
    await page.getByLabel('Email address').fill('ada@example.com')
    await page.getByRole('textbox', { name: 'Password' }).fill('not my password at all')
    await button('Sign in').click()
    await page.getByRole('alert').first().waitFor()
    await signIn(page)
    await said('Saved.')
    expect((await service.call('GET', `/keys/${id}`)).description).toBe('Typed before the end')
    expect(complaints()).toEqual([])
  })

  test('where the browser lets nobody write to the clipboard, the key is selected for Ctrl-C', async () => {
    const { page, button, dialog, go } = opened
    await go('/keys')
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
    })
    await button('Create key').first().click()
    await dialog().getByRole('button', { name: 'Create key' }).click()
    const secret = await page.locator('#revealed-text').textContent()
    await button('Copy').click()
    await said('Press Ctrl-C: the browser did not let us copy')
    expect(await page.evaluate(() => getSelection()?.toString())).toBe(secret)
    // Whoever closes the tab, or loads it anew, is asked first.
    const asked = page.waitForEvent('dialog')
    await page.evaluate(() => setTimeout(() => location.reload()))
    const question = await asked
    expect(question.type()).toBe('beforeunload')
    await question.dismiss()
    expect(await page.locator('#revealed-text').textContent()).toBe(secret)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
  })

  test('after Done the key is nowhere: not in the memory of the page, its stores or its history', async () => {
    const { page, context, button, dialog, go } = opened
    await go('/keys')
    await button('Create key').first().click()
    await dialog().getByLabel('Description').fill('Nowhere')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    const secret = (await page.locator('#revealed-text').textContent()) ?? ''
    const memory = await context.newCDPSession(page)
    await button('Try it').click()
    await said('It works: the key was accepted, from 127.0.0.1.')
    expect(await memoryOf(memory)).toContain(secret)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await page.getByRole('heading', { name: 'Nowhere' }).waitFor()
    await page.getByRole('heading', { name: 'Facts' }).waitFor()
    expect((await memoryOf(memory)).includes(secret)).toBe(false)
    const kept = await page.evaluate(async () => [await caches.keys(), await indexedDB.databases()])
    expect(kept).toEqual([[], []])
    await page.goBack()
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    expect((await page.content()).includes(secret)).toBe(false)
  })

  test('an answer of something in between is not shown as one of the service, and no page is blank', async () => {
    const { page, button, go } = opened
    await page.route('**/usage?*', (route) =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }),
    )
    await go('/usage')
    await said('Something between here and the service answered 502.')
    expect(await page.getByText('Bad Gateway').count()).toBe(0)
    await page.unroute('**/usage?*')
    await button('Try again').click()
    await page.getByRole('img', { name: /accepted/ }).waitFor()
    expect(complaints()).toEqual([])
  })

  test('what the service refuses stands with the id of the request, ready to be copied', async () => {
    const { page, go } = opened
    await go('/keys/key_01m85e7dwrfwka4f0gvwh5b2ng')
    const alert = page.getByRole('alert')
    await alert.getByText(/req_\w{26}/).waitFor()
    await alert.getByRole('button', { name: 'Copy request id' }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^req_\w{26}$/)
  })

  test('whoever signs in in another tab is who this one is for', async () => {
    const { context, page, service, go, signIn } = opened
    const email = 'vi@example.com'
    await addPerson('viewer', email)
    await go('/keys')
    await page.getByRole('button', { name: 'Create key' }).first().waitFor()
    const other = await openPage(context)
    await other.page.goto(`${service.url}/console/keys`)
    await other.page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Latchkey' }).waitFor()
    await signIn(other.page, email)
    await page.getByText('(viewer)').waitFor()
    expect(await page.getByRole('button', { name: 'Create key' }).count()).toBe(0)
    expect([...complaints(), ...other.complaints]).toEqual([])
    await other.page.close()
  })

  test('whoever signs in over the page of somebody else sees nothing of theirs, and does nothing of theirs', async () => {
    const { page, context, service, button, dialog, go, signIn, makeKey } = opened
    await addPerson('admin', 'grace@example.com')
    const { id } = await makeKey({ description: 'As it was' })
    const headers = { 'x-latchkey-console': '1' }
    const endAll = () => context.request.delete(`${service.url}/console/sessions`, { headers })
    await endAll()
    await page.goto(`${service.url}/console/users`)
    await signIn(page)
    await page.getByRole('cell', { name: 'vi@example.com' }).waitFor()
    await endAll()
    await page.getByRole('link', { name: 'Audit' }).click()
    await said('Your session has ended')
    await page.goBack()
    await page.getByRole('cell', { name: 'vi@example.com' }).waitFor()
    await signIn(page, 'vi@example.com')
    await page.getByText('(viewer)').waitFor()
    await page.getByRole('cell', { name: 'vi@example.com' }).waitFor({ state: 'detached' })
    await button('Sign out').click()
    await signIn(page)
    await button('Sign out').waitFor()
    // A change that waits for the password is of whoever asked for it.
    await go(`/keys/${id}`)
    await button('Edit').click()
    await dialog().getByLabel('Description').fill('Typed by Ada')
    await endAll()
    await button('Save').dispatchEvent('click')
    await said('Your session has ended')
    await signIn(page, 'grace@example.com')
    await page.getByText('(admin)').waitFor()
    await page.getByRole('heading', { name: 'As it was' }).waitFor()
    expect(await dialog().count()).toBe(0)
    expect((await service.call('GET', `/keys/${id}`)).description).toBe('As it was')
    // Nor are the others of several keys, when the first of them waits.
    const { id: other } = await makeKey({ description: 'As it was, too' })
    await page.goto(`${service.url}/console/keys?search=As+it+was`)
    await page.getByLabel('Pick all on this page').check()
    await page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Delete' }).click()
    await endAll()
    await dialog().getByRole('button', { name: 'Delete 2 keys' }).dispatchEvent('click')
    await said('Your session has ended')
    await signIn(page)
    await page.getByText('(owner)').waitFor()
    await page.getByRole('link', { name: 'As it was, too' }).waitFor()
    await page.waitForLoadState('networkidle')
    for (const each of [id, other]) expect((await service.call('GET', `/keys/${each}`)).deletedAt).toBe(null)
    expect(complaints()).toEqual([])
  })

  test('whoever is invited in the browser of somebody else sees nothing of theirs', async () => {
    const { page, service, button, signIn } = opened
    // Of another company: there she may see none of these keys.
    const company = await service.call('POST', '/companies', { name: 'Difference Engines' })
    const theirs = { 'x-company-id': company.id }
    const person = { name: 'Dee', role: 'developer', email: 'dee@example.com' }
    const { id } = await service.call('POST', '/users', person, theirs)
    const { token } = await service.call('POST', `/users/${id}/invitation`, undefined, theirs)
    const early = page.waitForResponse('**/keys?*')
    await page.goto(`${service.url}/console/#invitation=${token}`)
    expect((await (await early).json()).data).not.toEqual([])
    await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
    await button('Set password').click()
    await signIn(page, person.email)
    await page.getByText('(developer)').waitFor()
    await said('No keys yet')
    await button('Sign out').click()
    await signIn(page)
    await page.getByRole('link', { name: 'First key' }).waitFor()
    expect(complaints()).toEqual([])
  })

  test('a list of which nothing is known is not called empty, and a page that is not there leads to one that is', async () => {
    const { page, go } = opened
    await page.route('**/audit?*', (route) => route.abort())
    await go('/audit')
    await said('The service did not answer.')
    expect(await page.getByText('No event fits.').count()).toBe(0)
    await page.unroute('**/audit?*')
    await go('/keys/key_1/old/link')
    await said('The console has no such page.')
    await page.getByRole('link', { name: 'To the keys' }).click()
    await page.getByRole('link', { name: 'First key' }).waitFor()
    expect(complaints()).toEqual([])
  })

  test.each([
    ['users', 'Add user', 'Nightly job'],
    ['companies', 'Add company', 'Twice Ltd'],
  ])('of %s, an answer that was lost does not cost a second one', async (list, verb, name) => {
    const { page, service, button, dialog, go } = opened
    await go(`/${list}`)
    await button(verb).click()
    await dialog().getByLabel('Name').fill(name)
    const loss = { times: 0 }
    await page.route(`**/${list}`, async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch()
      loss.times += 1
      await route.abort()
    })
    await dialog().getByRole('button', { name: verb }).click()
    await said('The service did not answer.')
    await page.unroute(`**/${list}`)
    await dialog().getByRole('button', { name: verb }).click()
    await dialog().waitFor({ state: 'detached' })
    const { data } = await service.call('GET', `/${list}?limit=100`)
    expect(data.filter((each: { name: string }) => each.name === name)).toHaveLength(1)
    expect(loss.times).toBe(1)
    expect(complaints()).toEqual([])
  })

  async function addPerson(role: string, email: string): Promise<void> {
    const { service } = opened
    const { id } = await service.call('POST', '/users', { name: role, role, email })
    const { token } = await service.call('POST', `/users/${id}/invitation`)
    await fetch(`${service.url}/auth/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password: PASSWORD }),
    })
  }
})

type Snapshots = Awaited<ReturnType<ConsoleInBrowser['context']['newCDPSession']>>

/** Every text in the memory of the page that something still refers to. */
async function memoryOf(session: Snapshots): Promise<string> {
  const chunks: string[] = []
  const take = ({ chunk }: { chunk: string }) => chunks.push(chunk)
  session.on('HeapProfiler.addHeapSnapshotChunk', take)
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  session.off('HeapProfiler.addHeapSnapshotChunk', take)
  return chunks.join('')
}
