import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { launch, openPage } from './browser.ts'
import { type RunningConsole, startLatchkey } from './running.ts'

const EMAIL = 'ada@example.com'
export const PASSWORD = 'correct horse battery staple'

/** More than a page of these tests has. */
const STOPS_MAX = 80

export const isFocused = (element: Element) => element === document.activeElement

/** The console as somebody has it in front of them: the owner of a new deployment, signed in. */
export type ConsoleInBrowser = {
  readonly service: RunningConsole
  readonly browser: Browser
  readonly context: BrowserContext
  readonly page: Page
  /** Violations of the policy, errors and warnings so far. */
  readonly complaints: string[]
  go(path: string): Promise<void>
  button(name: string): Locator
  dialog(): Locator
  /** Makes a key of the owner; answers what the API does, with the whole secret in `key`. */
  makeKey(fields: object): Promise<{ readonly id: string; readonly key: string }>
  /** One call with a key from an address, as a gateway would ask. Answers the verdict. */
  verify(key: string, ip?: string): Promise<string>
  /** Goes somewhere by the Tab key, as whoever has no mouse does. */
  reach(to: Locator): Promise<void>
  signIn(at: Page, email?: string): Promise<void>
  stop(): Promise<void>
}

export async function openConsole(): Promise<ConsoleInBrowser> {
  const [browser, service] = await Promise.all([launch(), startLatchkey()])
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    acceptDownloads: true,
  })
  const token = await service.newLink()
  const answer = await context.request.post(`${service.url}/console/setup`, {
    headers: { 'x-latchkey-console': '1' },
    data: {
      token,
      companyName: 'Analytical Engines',
      name: 'Ada Lovelace',
      email: EMAIL,
      password: PASSWORD,
    },
  })
  if (!answer.ok()) throw new Error(`setting up: ${answer.status()} ${await answer.text()}`)
  const { page, complaints } = await openPage(context)
  return {
    service,
    browser,
    context,
    page,
    complaints,
    async go(path) {
      await page.goto(`${service.url}/console${path}`)
      await page.locator('h1').first().waitFor()
    },
    button: (name) => page.getByRole('button', { name, exact: true }),
    dialog: () => page.getByRole('dialog'),
    makeKey: (fields) => service.call('POST', '/keys', { userId: service.ownerId, ...fields }),
    verify: async (key, ip) => (await service.call('POST', '/verify', { key, ip })).code,
    async reach(to) {
      await to.waitFor()
      for (let stop = 0; stop < STOPS_MAX; stop += 1) {
        if (await to.evaluate(isFocused)) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`${to}: the Tab key does not get there`)
    },
    async signIn(at, email = EMAIL) {
      await at.getByLabel('Email address').fill(email)
      await at.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
      await at.getByRole('button', { name: 'Sign in', exact: true }).click()
    },
    async stop() {
      await browser.close()
      await service.stop()
    },
  }
}
