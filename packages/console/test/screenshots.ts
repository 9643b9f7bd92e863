/**
 * Takes the pictures of docs/use/console.md: npm run screenshots. With -- --all DIRECTORY those of every page and
 * dialog instead, light, dark and narrow, to be looked at.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { launch } from './browser.ts'
import { type RunningConsole, startLatchkey } from './running.ts'
import { visitsOf } from './visits.ts'

const { all } = parseArgs({ options: { all: { type: 'string' } } }).values
const folder = all ?? fileURLToPath(new URL('../../../docs/use/console/', import.meta.url))
const DAY_MS = 86_400_000
const SIZES = { wide: { width: 1_280, height: 760 }, narrow: { width: 390, height: 760 } } as const

const [browser, service] = await Promise.all([launch(), startLatchkey()])
try {
  mkdirSync(folder, { recursive: true })
  const page = await browser.newPage({ viewport: SIZES.wide })
  await page.goto(`${service.url}/console/#setup=${await service.newLink()}`)
  await page.getByLabel('Company').fill('Analytical Engines')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByLabel('Email address').fill('ada@example.com')
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery staple')
  await take(page, 'first-run')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  const keyId = await fill(service)
  if (all === undefined) await takeForDocs(page, keyId)
  else await takeAll(page, keyId)
} finally {
  await browser.close()
  await service.stop()
}

async function takeForDocs(page: Page, keyId: string): Promise<void> {
  await visit(page, '/keys', 'keys')
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('dialog').getByLabel('Description').fill('Billing, production')
  await take(page, 'create')
  await page.keyboard.press('Escape')
  await visit(page, `/keys/${keyId}`, 'key')
  await visit(page, `/why?key=${keyId}&address=198.51.100.7`, 'why')
  await visit(page, '/usage', 'usage')
  await visit(page, '/users', 'users')
  await visit(page, '/audit', 'audit')
  await visit(page, '/settings', 'settings')
  await page.emulateMedia({ colorScheme: 'dark' })
  await visit(page, '/keys', 'keys-dark')
  await page.setViewportSize(SIZES.narrow)
  await page.emulateMedia({ colorScheme: 'light' })
  await visit(page, '/keys', 'keys-narrow')
}

async function takeAll(page: Page, keyId: string): Promise<void> {
  for (const [index, [path, open]] of visitsOf(keyId).entries()) {
    const place = path.split(/[?/]/)[1]
    const name = `${String(index + 1).padStart(2, '0')}-${place}${open === undefined ? '' : ` ${open}`}`
    for (const look of ['light', 'dark', 'narrow'] as const) {
      await page.setViewportSize(look === 'narrow' ? SIZES.narrow : SIZES.wide)
      await page.emulateMedia({ colorScheme: look === 'dark' ? 'dark' : 'light' })
      await page.goto(`${service.url}/console${path}`)
      await page.locator('h1').waitFor()
      await page.waitForLoadState('networkidle')
      if (open !== undefined) await page.getByRole('button', { name: open, exact: true }).first().click()
      await take(page, `${name} ${look}`.toLowerCase().replaceAll(' ', '-'))
    }
  }
}

async function visit(page: Page, path: string, name: string): Promise<void> {
  await page.goto(`${service.url}/console${path}`)
  await page.locator('h1').waitFor()
  await page.waitForLoadState('networkidle')
  await take(page, name)
}

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
}

/** Keys as a small company has them, used for two weeks. Answers the id of one that is restricted. */
async function fill({ call, ownerId, setBack }: RunningConsole): Promise<string> {
  setBack(20 * DAY_MS)
  const grace = await call('POST', '/users', {
    name: 'Grace Hopper',
    role: 'developer',
    email: 'grace@example.com',
  })
  const soon = new Date(Date.now() + 5 * DAY_MS).toISOString()
  const keys = [
    { userId: grace.id, description: 'Mobile app, test', mode: 'test' },
    { userId: ownerId, description: 'Data warehouse, nightly', expiresAt: soon },
    { userId: grace.id, description: 'Partner: Northwind', whitelistedIPs: ['0.0.0.0/0'] },
    { userId: ownerId, description: 'Monitoring', permissions: ['keys:list'] },
    {
      userId: ownerId,
      description: 'Billing, production',
      whitelistedIPs: ['127.0.0.1', '192.0.2.0/24', '2001:db8::/32', '10.0.0.0/8'],
    },
  ]
  let id = ''
  const secrets: string[] = []
  for (const body of keys) {
    const made = await call('POST', '/keys', body)
    id = made.id
    if (body.description !== 'Monitoring') secrets.push(made.key)
  }
  for (let day = 14; day >= 0; day -= 1) {
    setBack(day * DAY_MS)
    await callWith(call, secrets, 3 + ((day * 5) % 7))
  }
  // The last use of each key is noted a moment after it.
  for (let look = 0; look < 100; look += 1) {
    const { data } = await call('GET', '/keys')
    const used = data.filter(({ description }: { description: string }) => description !== 'Monitoring')
    if (used.every(({ lastUsedAt }: { lastUsedAt: string }) => Date.now() - Date.parse(lastUsedAt) < 60_000))
      break
    await setTimeout(100)
  }
  await call('POST', `/keys/${id}/rotation`, {})
  return id
}

/** A day's use, some of it from where it is not allowed. */
async function callWith(
  call: RunningConsole['call'],
  secrets: readonly string[],
  times: number,
): Promise<void> {
  for (const [index, key] of secrets.entries()) {
    for (let time = 0; time < times + index; time += 1) {
      await call('POST', '/verify', { key, ip: time % 6 === 5 ? '198.51.100.7' : `192.0.2.${time + 1}` })
    }
  }
}
