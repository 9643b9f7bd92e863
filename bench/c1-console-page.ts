import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { storeFileOf } from '@latchkey/server'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Extent, type Row, rowOf } from './figure.ts'
import { startLatchkey } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'

const CHROMIUM = '/usr/bin/chromium'
const KEYS = 10_000
const USERS = 500
const EVENTS = 100_000
const EMAIL = 'admin@example.com'
const PASSWORD = 'correct horse battery staple'

/** What somebody waits who opens the list of keys for the first time, and what each click on it takes. */
export async function c1ConsolePage(extent: Extent, stores: Stores): Promise<Row[]> {
  if (!existsSync(CHROMIUM)) return []
  const store = await stores.ofOwn(KEYS)
  addEvents(store)
  await using server = await startLatchkey(store)
  const url = `http://127.0.0.1:${server.port}`
  await addPeople(url, store)
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
  try {
    const opened: number[] = []
    const pressed: number[] = []
    for (let round = 0; round < extent.rounds; round += 1) {
      extent.progress(`round ${round + 1} of ${extent.rounds}, the console`)
      const visit = await openOnce(browser, url)
      opened.push(visit.openedMs)
      pressed.push(visit.pressedMs)
    }
    const what = `${KEYS.toLocaleString('en')} keys, ${USERS} users and ${EVENTS.toLocaleString('en')} audit events`
    return [
      rowOf({
        id: 'C1',
        what: `the console: the list of keys from a cold cache to the first row picked, ${what}`,
        rounds: opened,
        isBetter: 'lower',
        floor: 1_000,
        unit: 'ms',
      }),
      rowOf({
        id: 'C2',
        what: 'the console: the longest of picking all, moving, and opening a dialog',
        rounds: pressed,
        isBetter: 'lower',
        floor: 200,
        goal: 100,
        unit: 'ms',
      }),
    ]
  } finally {
    await browser.close()
  }
}

/** Before those that are there, so that the chain goes on where it was. */
function addEvents({ dataDir, companyId }: BenchStore): void {
  const database = new DatabaseSync(storeFileOf(dataDir))
  try {
    database.exec('PRAGMA synchronous = OFF')
    database
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${EVENTS}),
           one AS (SELECT * FROM audit_events WHERE company_id = ? LIMIT 1)
         INSERT INTO audit_events
         SELECT company_id, 'evt_00000000000000000000' || printf('%06d', i), i - ${EVENTS + 1}, at - ${EVENTS} + i, 'key.updated',
           actor_type, actor_id, actor_user_id, object_type, object_id, address, request_id, changes, hash, redaction
         FROM n, one`,
      )
      .run(companyId)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

/** An admin who can sign in, and the others. */
async function addPeople(url: string, { adminKey, companyId }: BenchStore): Promise<void> {
  const send = async (path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        'x-api-key': adminKey,
        'x-company-id': companyId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { readonly id: string; readonly token: string }
  }
  const admin = await send('/users', { name: 'Admin', role: 'admin', email: EMAIL })
  const { token } = await send(`/users/${admin.id}/invitation`)
  await send('/auth/password', { token, password: PASSWORD })
  for (let index = 1; index < USERS; index += 1) {
    await send('/users', { name: `User ${index}`, role: 'developer', email: `user${index}@example.com` })
  }
}

/** A browser that was never here, but for its cookie. */
async function openOnce(browser: Browser, url: string): Promise<{ openedMs: number; pressedMs: number }> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } })
  try {
    const answer = await context.request.post(`${url}/console/session`, {
      headers: { 'x-latchkey-console': '1' },
      data: { username: EMAIL, password: PASSWORD },
    })
    if (!answer.ok()) throw new Error(`signing in: ${answer.status()}`)
    const page = await context.newPage()
    const beganMs = performance.now()
    await page.goto(`${url}/console/keys`, { waitUntil: 'commit' })
    await page.locator('tbody input[type=checkbox]').first().check()
    const openedMs = performance.now() - beganMs
    return { openedMs, pressedMs: await longestPress(page) }
  } finally {
    await context.close()
  }
}

/** As the browser times it: from the press to the next frame. */
async function longestPress(page: Page): Promise<number> {
  await page.evaluate(WATCH)
  await page.getByLabel('Pick all on this page').click()
  await page.keyboard.press('ArrowDown')
  await page.getByRole('button', { name: 'Create key' }).first().click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  return page.evaluate(LONGEST)
}

/** Run by the page. */
const WATCH = `
  window.longestMs = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longestMs = Math.max(window.longestMs, duration)
  }).observe({ type: 'event', durationThreshold: 16, buffered: true })`

/** The last entry comes after the frame that it is about. */
const LONGEST = `new Promise((resolve) =>
  requestAnimationFrame(() => setTimeout(() => resolve(window.longestMs), 100)))`
