import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from './running.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })

/** A page, and everything that it complained of: violations of the policy, errors and warnings. */
export type Watched = { readonly page: Page; readonly complaints: string[] }

export async function openPage(context: BrowserContext): Promise<Watched> {
  const complaints: string[] = []
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.on('console', (message) => {
    const text = message.text()
    // The browser itself notes each answer that refuses something; what was refused is tested where it is.
    if (/Failed to load resource: the server responded with a status of 4/.test(text)) return
    if (['error', 'warning'].includes(message.type())) complaints.push(text)
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.exposeFunction('complain', (text: string) => complaints.push(text))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { complain } = window as unknown as { complain(text: string): void }
      complain(
        `${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ''}:${event.lineNumber} ${event.sample}`,
      )
    })
  })
  return { page, complaints }
}

/** What axe finds on the page as it is now, one line each; of all its rules, or of these. */
export async function findBarriers(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Past the policy of the page, as only a debugger can.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  return page.evaluate(async (only) => {
    const { axe } = window as unknown as {
      axe: {
        run(
          within: Node,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>
      }
    }
    // What is behind a dialog was looked at without it.
    const within = document.querySelector('[role="dialog"]') ?? document
    const { violations } = await axe.run(within, only === undefined ? {} : { runOnly: only })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`),
    )
  }, rules)
}

/** Whether the page is wider than the window, or a table or a dialog wider than its frame. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate(() =>
    [
      document.documentElement,
      ...document.querySelectorAll('.lk-table-wrap, [role="dialog"], .mantine-Modal-header'),
    ].some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1),
  )
