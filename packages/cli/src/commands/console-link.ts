import type { Command } from 'commander'
import { consoleUrl } from '../console-line.ts'
import { print } from '../print.ts'
import { withServices } from '../with-services.ts'

export function registerConsoleLink(program: Command): void {
  program
    .command('console-link')
    .description('Print a link that opens the console for the first owner, once, within 30 minutes. Audited.')
    .addHelpText(
      'after',
      '\nOnly while no owner has a password. After that, use latchkey users set-password.',
    )
    .action(printLink)
}

async function printLink(): Promise<void> {
  await withServices({ makes: 'nothing' }, async (services) => {
    const { makeConsoleLinkOnHost } = await import('@latchkey/server')
    const { publicUrl, host, port } = services.config
    const url = publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    const link = await makeConsoleLinkOnHost(services)
    if (link !== undefined) return print(`${consoleUrl(url, link)}\n`)
    process.stderr.write(
      `latchkey: an owner has a password already, or there is none yet: sign in at ${url}/console. ` +
        'A lost password is set anew with: latchkey users set-password <id or email>\n',
    )
    process.exitCode = 1
  })
}
