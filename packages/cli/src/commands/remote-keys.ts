import type { ApiKey, ListApiKeysQuery } from '@latchkey/client'
import type { Command } from 'commander'
import { type Column, firstOf, printListing, tableOf } from '../listing.ts'
import { parseCount } from '../parse-count.ts'
import { print } from '../print.ts'
import { connect, urlOption } from '../remote.ts'

const KEY_COLUMNS: readonly Column<ApiKey>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'USER', text: ({ userId }) => userId },
  { title: 'KEY', text: ({ key }) => key },
  { title: 'STATUS', text: ({ status, statusReason }) => statusReason ?? status },
  { title: 'LAST USED', text: ({ lastUsedAt }) => lastUsedAt ?? 'never' },
  { title: 'DESCRIPTION', text: ({ description }) => description ?? '' },
]

type ListOptions = {
  readonly url?: string
  readonly json?: true
  readonly limit?: number
  readonly status?: 'active' | 'inactive' | 'all'
  readonly user?: string
  readonly search?: string
}

/** The commands about keys that go over the network only. */
export function registerRemoteKeys(keys: Command): void {
  keys
    .command('list')
    .description('List keys of a service, newest first: a table on a terminal, ids elsewhere.')
    .option('--status <status>', 'active, inactive or all (default: active)')
    .option('--user <id>', 'only keys of this user')
    .option('--search <text>', 'only keys whose description, id or last four characters hold this')
    .option('--limit <number>', 'at most this many', parseCount)
    .option('--json', 'print JSON, one key per line')
    .addOption(urlOption())
    .action(list)
  keys
    .command('get')
    .description('Show one key of a service.')
    .argument('<id>', 'id of the key, such as key_01m85e7dwrfwka4f0gvwh5b2ng: never the key itself')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .action(async (id: string, { url, json }: ListOptions) => {
      const key = await (await connect(url)).keys.get(id)
      await print(json === true ? `${JSON.stringify(key)}\n` : tableOf([key], KEY_COLUMNS))
    })
}

async function list({ url, json, limit, status, user, search }: ListOptions): Promise<void> {
  const query: ListApiKeysQuery = {
    ...(status === undefined ? {} : { status }),
    ...(user === undefined ? {} : { userId: user }),
    ...(search === undefined ? {} : { search }),
  }
  const found = (await connect(url)).keys.list({ ...query, limit: Math.min(limit ?? 100, 100) })
  await printListing(limit === undefined ? found : firstOf(found, limit), KEY_COLUMNS, json === true)
}
