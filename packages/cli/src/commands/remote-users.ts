import type { User, UserCreate } from '@latchkey/client'
import { type Command, Option } from 'commander'
import { type Column, firstOf, printListing, tableOf } from '../listing.ts'
import { parseCount } from '../parse-count.ts'
import { print } from '../print.ts'
import { connect, urlOption } from '../remote.ts'

const USER_COLUMNS: readonly Column<User>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'ROLE', text: ({ role }) => role },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'NAME', text: ({ name }) => name },
  { title: 'EMAIL', text: ({ email }) => email ?? '' },
  { title: 'EXTERNAL ID', text: ({ externalId }) => externalId ?? '' },
]

type Options = { readonly url?: string; readonly json?: true }
type ListOptions = Options & {
  readonly limit?: number
  readonly externalId?: string
  readonly search?: string
}
type CreateOptions = Options &
  Pick<UserCreate, 'role'> & { readonly email?: string; readonly externalId?: string }

/** The commands about users that go over the network only. */
export function registerRemoteUsers(users: Command): void {
  users
    .command('list')
    .description('List users of a service, newest first: a table on a terminal, ids elsewhere.')
    .option('--external-id <id>', 'only the user with this id in your application')
    .option('--search <text>', 'only users whose name, email address, external id or id hold this')
    .option('--limit <number>', 'at most this many', parseCount)
    .option('--json', 'print JSON, one user per line')
    .addOption(urlOption())
    .action(list)
  users
    .command('get')
    .description('Show one user of a service.')
    .argument('<id>', 'id of the user')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .action(async (id: string, { url, json }: Options) =>
      show(await (await connect(url)).users.get(id), json),
    )
  users
    .command('create')
    .description('Make a user of a service.')
    .argument('<name>', 'the name that people see')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['owner', 'admin', 'developer', 'viewer'])
        .makeOptionMandatory(),
    )
    .option('--email <address>', 'to sign in with')
    .option('--external-id <id>', "your application's own id of the user")
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .action(async (name: string, { url, json, role, email, externalId }: CreateOptions) => {
      const user: UserCreate = {
        name,
        role,
        ...(email === undefined ? {} : { email }),
        ...(externalId === undefined ? {} : { externalId }),
      }
      await show(await (await connect(url)).users.create(user), json)
    })
}

async function list({ url, json, limit, externalId, search }: ListOptions): Promise<void> {
  const found = (await connect(url)).users.list({
    limit: Math.min(limit ?? 100, 100),
    ...(externalId === undefined ? {} : { externalId }),
    ...(search === undefined ? {} : { search }),
  })
  await printListing(limit === undefined ? found : firstOf(found, limit), USER_COLUMNS, json === true)
}

/** As a list of one. */
async function show(user: User, json: true | undefined): Promise<void> {
  if (json === true) return print(`${JSON.stringify(user)}\n`)
  return print(process.stdout.isTTY ? tableOf([user], USER_COLUMNS) : `${user.id}\n`)
}
