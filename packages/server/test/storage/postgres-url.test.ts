/** DATABASE_URL, and TLS to a PostgreSQL server that speaks nothing else. */
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectClient } from '../../src/storage/postgres/client.ts'
import { openPostgres } from '../../src/storage/postgres/postgres.ts'
import { createReach } from '../../src/storage/postgres/reach.ts'
import { parsePostgresUrl, placeOf } from '../../src/storage/postgres/url.ts'
import { type Cluster, connectTo, createCluster, NOBODY } from '../postgres-cluster.ts'
import { createSelfSigned } from '../tokens/self-signed.ts'

const HOME = { host: 'db.internal', port: 5432 }

describe('a URL is read as libpq reads it', () => {
  test.each([
    ['postgres://ada:s%40fe@db.internal:6432/keys', { hosts: [{ host: 'db.internal', port: 6432 }] }],
    ['postgresql://localhost/keys', { hosts: [{ host: 'localhost', port: 5432 }], config: { ssl: false } }],
    ['POSTGRES://localhost/keys', { hosts: [{ host: 'localhost', port: 5432 }] }],
    ['  postgres://localhost/keys\n', { config: { database: 'keys' } }],
    ['postgres://[::1]/keys', { hosts: [{ host: '::1', port: 5432 }], config: { ssl: false } }],
    ['postgres://[2001:db8::7]:6432/keys', { hosts: [{ host: '2001:db8::7', port: 6432 }] }],
    ['postgres://[fe80::1%25eth0]/keys', { hosts: [{ host: 'fe80::1%eth0', port: 5432 }] }],
    ['postgres:///keys?host=/run/postgresql', { hosts: [{ host: '/run/postgresql', port: 5432 }] }],
    ['postgres://%2Frun%2Fpostgresql/keys', { hosts: [{ host: '/run/postgresql' }], config: { ssl: false } }],
    ['postgres://:6432/keys?host=/run/pg', { hosts: [{ host: '/run/pg', port: 6432 }] }],
    ['postgres:///?host=db.internal&dbname=keys&port=7', { hosts: [{ host: 'db.internal', port: 7 }] }],
    [
      'postgres://one:1,two,[::3]:3/keys',
      {
        hosts: [
          { host: 'one', port: 1 },
          { host: 'two', port: 5432 },
          { host: '::3', port: 3 },
        ],
      },
    ],
    [
      'postgres:///keys?host=one,two&port=6432',
      {
        hosts: [
          { host: 'one', port: 6432 },
          { host: 'two', port: 6432 },
        ],
      },
    ],
  ])('%s', (url, expected) => {
    expect(parsePostgresUrl(url)).toMatchObject(expected)
  })

  test.each([
    ['a password in percent-encoding', 'postgres://ada:%2F%3F%23%40%3A%25%20@db/keys', 'ada', '/?#@:% '],
    ['an @ in the user, as Azure had it', 'postgres://ada@srv:OPENZESAM@db/keys', 'ada@srv', 'OPENZESAM'],
    ['a colon in the password', 'postgres://ada:OPEN:ZESAM@db/keys', 'ada', 'OPEN:ZESAM'],
    ['a password with letters of any script', 'postgres://ada:пароль@db/keys', 'ada', 'пароль'],
    ['both as parameters', 'postgres://db/keys?user=ada&password=s%40fe', 'ada', 's@fe'],
    [
      'parameters before what stands in front',
      'postgres://ida:no@db/keys?user=ada&password=yes',
      'ada',
      'yes',
    ],
    ['neither', 'postgres://db/keys', undefined, undefined],
  ])('%s', (_what, url, user, password) => {
    const { config } = parsePostgresUrl(url)
    expect([config.user, config.password]).toEqual([user, password])
  })
})

describe("what providers' consoles give can be pasted", () => {
  test.each([
    [
      'Neon',
      'postgresql://o:p@ep-a-1.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require',
    ],
    ['Neon, by endpoint', 'postgres://o:p@h.neon.tech/db?sslmode=require&options=endpoint%3Dep-a-1'],
    ['Supabase, session', 'postgresql://postgres.ref:p@aws-0-eu-west-1.pooler.supabase.com:5432/postgres'],
    ['Supabase, for an ORM', 'postgres://postgres.ref:p@h.pooler.supabase.com:5432/postgres?pgbouncer=true'],
    [
      'Vercel with Supabase',
      'postgres://u:p@h.supabase.com:5432/postgres?sslmode=require&supa=base-pooler.x',
    ],
    ['DigitalOcean', 'postgresql://doadmin:p@db-1.b.db.ondigitalocean.com:25060/defaultdb?sslmode=require'],
    ['Heroku', 'postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d1'],
    ['Aiven', 'postgres://avnadmin:p@pg-1.aivencloud.com:12345/defaultdb?sslmode=require'],
    ['Azure', 'postgres://ada:p@srv.postgres.database.azure.com/keys?sslmode=require'],
    ['Cloud SQL, by socket', 'postgres:///keys?host=/cloudsql/project:region:instance&user=ada&password=p'],
    ['Patroni', 'postgres://u:p@a:5432,b:5432,c:5432/keys?target_session_attrs=read-write'],
    [
      'libpq 14 in full',
      'postgres://u:p@db/keys?target_session_attrs=primary&gssencmode=disable&keepalives=1',
    ],
    ['libpq, timers', 'postgres://u:p@db/keys?connect_timeout=10&keepalives_idle=30&keepalives_count=3'],
    ['pg 8', 'postgres://u:p@db/keys?uselibpqcompat=true&sslmode=require'],
    ['a name for the list of connections', 'postgres://u:p@db/keys?application_name=keys-eu'],
  ])('%s', (_whose, url) => {
    expect(parsePostgresUrl(url).hosts.length).toBeGreaterThan(0)
  })
})

describe('what would change safety is done', () => {
  const of = (parameters: string, host = HOME.host) =>
    parsePostgresUrl(`postgres://ada:OPENZESAM@${host}/keys?${parameters}`)

  test.each([
    ['elsewhere it is checked', '', { ssl: { rejectUnauthorized: true } }],
    ['ssl=true of other drivers', 'ssl=true', { ssl: { rejectUnauthorized: true } }],
    ['sslmode=require', 'sslmode=require', { ssl: { rejectUnauthorized: false } }],
    ['sslmode=disable', 'sslmode=disable', { ssl: false }],
    [
      'the oldest version of TLS',
      'ssl_min_protocol_version=TLSv1.3',
      { ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.3' } },
    ],
    ['channel binding', 'sslmode=require&channel_binding=require', { enableChannelBinding: true }],
    ['no keep-alive', 'keepalives=0', { keepAlive: false }],
  ])('%s', (_what, parameters, config) => {
    expect(of(parameters).config).toMatchObject(config)
  })

  test('verify-ca checks who vouches, and not the name', () => {
    const { ssl } = of('sslmode=verify-ca').config
    expect(ssl).toMatchObject({ rejectUnauthorized: true, checkServerIdentity: expect.any(Function) })
    expect(of('sslmode=verify-full').config.ssl).not.toHaveProperty('checkServerIdentity')
  })

  test('the certificates of this machine are those that its own programs trust', () => {
    const { ssl } = of('sslrootcert=system').config
    expect(ssl).toMatchObject({ rejectUnauthorized: true, ca: expect.any(Array) })
  })

  test.each([
    ['nobody said', '', 5_000],
    ['as said', 'connect_timeout=10', 10_000],
    ['for ever', 'connect_timeout=0', 60_000],
    ['for an hour', 'connect_timeout=3600', 60_000],
  ])('a connection is waited for %s, and never for ever', (_what, parameters, ms) => {
    expect(of(parameters).connectMsMax).toBe(ms)
  })

  test.each([
    ['-c search_path=keys', [['search_path', 'keys']], undefined],
    [
      '-csearch_path=keys --work-mem=4MB',
      [
        ['search_path', 'keys'],
        ['work_mem', '4MB'],
      ],
      undefined,
    ],
    ['-c search_path=a\\ b', [['search_path', 'a b']], undefined],
    ['endpoint=ep-1 -c role=app', [['role', 'app']], 'endpoint=ep-1'],
  ])('options %s', (options, settings, startup) => {
    const server = of(`options=${encodeURIComponent(options)}`)
    expect([[...server.settings], server.config.options]).toEqual([settings, startup])
  })
})

test.each([
  ['mysql://localhost/keys', /must be a URL such as postgres:/],
  ['jdbc:postgresql://db/keys?user=ada&password=OPENZESAM', /must be a URL such as postgres:/],
  ['"postgres://ada:OPENZESAM@db/keys"', /begins with a quotation mark/],
  ['postgres://', /names no database/],
  ['postgres://ada:OPENZESAM@localhost', /names no database/],
  ['postgres://ada:/OPENZESAM@127.0.0.1:5432/keys', /has an @ behind the host.+%2F/],
  ['postgres://ada:OPEN?ZESAM@127.0.0.1:5432/keys', /has an @ behind the host.+%3F/],
  ['postgres://ada:OPEN#ZESAM@127.0.0.1:5432/keys', /holds a #.+%23/],
  ['postgres://ada:OPEN@ME/ZESAM@127.0.0.1:5432/keys', /has an @ behind the host/],
  ['postgres://ada:12?OPENZESAM=x@db/keys', /has an @ behind the host/],
  ['postgres://ada:OPEN ZESAM@db/keys', /holds a space.+%20/],
  ['postgres://ada:OPENZESAM%@db/keys', /has a % in the password.+%25/],
  ['postgres://ada:%FFOPENZESAM@db/keys', /has a % in the password/],
  ['postgres://OPEN%ZESAM:x@db/keys', /has a % in the user/],
  ['postgres://ada:OPENZESAM@db/ke%ys', /has a % in the name of the database/],
  ['postgres://ada:OPENZESAM@db/keys?application_name=%', /has a % in the value of application_name/],
  ['postgres://ada:OPENZESAM/keys', /has a port that is no number.+user:password@host/],
  ['postgres://ada:12?OPENZESAM/keys', /has a parameter that is not known/],
  ['postgres://ada:/OPENZESAM/keys', /has a \/ in the name of the database/],
  ['postgres://ada:OPENZESAM@db:70000/keys', /has a port that is no number/],
  ['postgres://ada:OPENZESAM@db:/keys', /has a port that is no number/],
  ['postgres://ada:OPENZESAM@d!b/keys', /names a host with a character/],
  ['postgres://ada:OPENZESAM@::1/keys', /has a port that is no number|names a host/],
  ['postgres://ada:OPENZESAM@a,b,c,d,e,f,g,h,i/keys', /more than 8 hosts/],
  ['postgres://ada:OPENZESAM@/keys?host=a,b&port=1,2,3', /another number of ports/],
  ['postgres://ada:OPENZESAM@localhost/keys?ssl=false', /ssl=false: it may be true.+sslmode/],
  [
    'postgres://ada:OPENZESAM@localhost/keys?sslmode=prefer',
    /sslmode=prefer, which may go on in the clear: use/,
  ],
  ['postgres://ada:OPENZESAM@localhost/keys?sslmode=OPENZESAM!', /sslmode=….+use disable/],
  ['postgres://ada:OPENZESAM@localhost/keys?sslmod=require', /not known: did you mean sslmode/],
  ['postgres://ada:OPENZESAM@localhost/keys?SSLMODE=require', /not known: did you mean sslmode/],
  ['postgres://ada:OPENZESAM@localhost/keys?sslmode', /sslmode without a value/],
  ['postgres://ada:OPENZESAM@localhost/keys?sslmode=require&sslmode=disable', /has sslmode twice/],
  ['postgres://ada:OPENZESAM@db/keys?sslrootcert=system&sslmode=require', /use sslmode=verify-full/],
  ['postgres://ada:OPENZESAM@db/keys?sslcert=/c.pem', /one of sslcert and sslkey/],
  ['postgres://ada:OPENZESAM@db/keys?ssl_min_protocol_version=TLSv1', /use TLSv1\.2 or TLSv1\.3/],
  ['postgres://ada:OPENZESAM@db/keys?sslmode=disable&channel_binding=require', /needs TLS/],
  ['postgres://ada:OPENZESAM@db/keys?channel_binding=maybe', /disable, prefer, require/],
  ['postgres://ada:OPENZESAM@db/keys?target_session_attrs=standby', /it may be any, read-write, primary/],
  ['postgres://ada:OPENZESAM@db/keys?target_session_attrs=prefer-standby', /needs the primary/],
  ['postgres://ada:OPENZESAM@db/keys?gssencmode=require', /disable, prefer/],
  ['postgres://ada:OPENZESAM@db/keys?client_encoding=latin1', /kept in UTF-8/],
  ['postgres://ada:OPENZESAM@db/keys?replication=database', /it is for replicas/],
  ['postgres://ada:OPENZESAM@db/keys?require_auth=password', /channel_binding=require/],
  ['postgres:///keys?service=keys', /write host, database, user and password/],
  ['postgres://ada:OPENZESAM@db/keys?schema=keys', /search_path/],
  ['postgres://ada:OPENZESAM@db/keys?connection_limit=5', /LATCHKEY_DATABASE_CONNECTIONS/],
  ['postgres://ada:OPENZESAM@db/keys?connect_timeout=soon', /whole seconds/],
  ['postgres://ada:OPENZESAM@db/keys?options=-c%20synchronous_commit%3Doff', /Latchkey sets itself/],
  ['postgres://ada:OPENZESAM@db/keys?options=-c%20Statement-Timeout%3D0', /Latchkey sets itself/],
  [
    'postgres://ada:OPENZESAM@db/keys?options=-c%20session_replication_role%3Dreplica',
    /protection off the audit/,
  ],
  ['postgres://ada:OPENZESAM@db/keys?options=-c', /options that cannot be read/],
  [
    'postgres://ada:OPENZESAM@localhost/keys?sslmode=verify-full&sslrootcert=/no/such.pem',
    /such\.pem .*cannot be read/,
  ],
])('%s is refused in one sentence without the password', (url, message) => {
  expect(() => parsePostgresUrl(url)).toThrow(message)
  expect(() => parsePostgresUrl(url)).toThrow(/^[^\n]+\.$/)
  expect(() => parsePostgresUrl(url)).not.toThrow(/OPEN|ZESAM/)
})

test('no part of a password is shown, whatever is in it and however it was pasted', () => {
  const piece = fc.stringMatching(/^[A-Z]{5}$/)
  const sign = fc.constantFrom(
    '/',
    '?',
    '#',
    '@',
    ':',
    '%',
    '&',
    '=',
    ',',
    '[',
    ']',
    ' ',
    '\\',
    '"',
    '%2',
    ';',
  )
  const shapes = [
    (text: string) => `postgres://ada:${text}@db.internal:5432/keys`,
    (text: string) => `postgres://ada:${text}@db.internal:5432/keys?sslmode=require`,
    (text: string) => `postgres://${text}@db.internal/keys`,
    (text: string) => `postgres://db.internal/keys?user=ada&password=${text}`,
    (text: string) => `"postgres://ada:${text}@db.internal/keys"`,
    (text: string) => `postgre://ada:${text}@db.internal/keys`,
  ]
  fc.assert(
    fc.property(piece, sign, piece, fc.constantFrom(...shapes), (left, middle, right, shape) => {
      const shown = shownOf(shape(`${left}${middle}${right}`))
      expect(shown).not.toContain(left)
      expect(shown).not.toContain(right)
    }),
    { numRuns: 3_000 },
  )
})

/** All that anybody gets to see of a URL. */
function shownOf(url: string): string {
  try {
    return placeOf(parsePostgresUrl(url))
  } catch (error) {
    return String(error)
  }
}

test('what is shown of it holds neither user nor password', () => {
  expect(placeOf(parsePostgresUrl('postgres://ada:OPENZESAM@db:1,[::1]/keys'))).toBe(
    'PostgreSQL, db:1,[::1]:5432/keys',
  )
})

describe('TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-tls-'))
  const file = (name: string) => join(directory, name)
  let cluster: Cluster

  beforeAll(async () => {
    const { cert, key } = createSelfSigned()
    writeFileSync(file('server.crt'), cert)
    writeFileSync(file('other.crt'), createSelfSigned().cert)
    writeFileSync(file('server.key'), key, { mode: 0o600 })
    if (process.getuid?.() === 0) {
      for (const name of ['.', 'server.key']) chownSync(file(name), NOBODY, NOBODY)
    }
    cluster = await createCluster([
      'ssl=on',
      `ssl_cert_file=${file('server.crt')}`,
      `ssl_key_file=${file('server.key')}`,
    ])
  })
  afterAll(async () => {
    await cluster.dispose()
    rmSync(directory, { recursive: true, force: true })
  })

  const open = (parameters: string, host = 'localhost') => {
    const url = `postgres://postgres@${host}:${cluster.port}/postgres?${parameters}`
    const hooks = { expect: () => () => true, onCommit: () => {}, onError: () => {} }
    return openPostgres({ url, connectionsMax: 2, acceptedOff: [], ...hooks })
  }

  test.each([
    ['verify-full with the right CA', () => `sslmode=verify-full&sslrootcert=${file('server.crt')}`],
    ['require', () => 'sslmode=require'],
  ])('%s: every connection is encrypted', async (_name, parameters) => {
    const engine = await open(parameters())
    const client = new pg.Client({ connectionString: cluster.url })
    await client.connect()
    try {
      await engine.inspect(async (db) => db.selectFrom('head').select('revision').execute())
      const { rows } = await client.query(
        `SELECT count(*)::int AS all, count(*) FILTER (WHERE ssl)::int AS encrypted FROM pg_stat_ssl
         JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'latchkey %'`,
      )
      expect(rows[0].all).toBeGreaterThan(0)
      expect(rows[0].encrypted).toBe(rows[0].all)
    } finally {
      await client.end()
      await engine.close()
    }
  })

  test.each([
    ['a certificate that nobody vouches for', 'localhost', () => 'sslmode=verify-full'],
    [
      'the certificate of another CA',
      'localhost',
      () => `sslmode=verify-full&sslrootcert=${file('other.crt')}`,
    ],
    [
      'a certificate for another name',
      '127.0.0.1',
      () => `sslmode=verify-full&sslrootcert=${file('server.crt')}`,
    ],
  ])('verify-full refuses %s', async (_name, host, parameters) => {
    await expect(open(parameters(), host)).rejects.toThrow(/cannot be used/)
  })

  describe('channel_binding=require', () => {
    const parameters = 'sslmode=require&channel_binding=require'
    const open = (user: string) => {
      const url = `postgres://${user}:OPENZESAM@localhost:${cluster.port}/postgres?${parameters}`
      return connectClient(createReach(parsePostgresUrl(url)), { name: 'test', statementMsMax: 5_000 })
    }

    beforeAll(async () => {
      const rules = ['scram-sha-256', 'md5', 'password'].map((way) => `host all by_${way[0]} all ${way}`)
      const file = join(cluster.directory, 'pg_hba.conf')
      writeFileSync(file, `${rules.join('\n')}\n${readFileSync(file, 'utf8')}`)
      const onlooker = await connectTo(cluster.url)
      for (const name of ['by_s', 'by_p', 'by_t']) {
        await onlooker.query(`CREATE ROLE ${name} LOGIN PASSWORD 'OPENZESAM'`)
      }
      await onlooker.query("SET password_encryption = 'md5'")
      await onlooker.query("CREATE ROLE by_m LOGIN PASSWORD 'OPENZESAM'")
      await onlooker.query('SELECT pg_reload_conf()')
      await onlooker.end()
    })

    test('whoever proves the password for its own certificate is believed', async () => {
      const client = await open('by_s')
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      await client.end()
    })

    test.each([
      ['takes anybody', 'by_t'],
      ['wants the password itself', 'by_p'],
      ['wants a hash of the password', 'by_m'],
    ])('whoever %s is told nothing', async (_what, user) => {
      await expect(open(user)).rejects.toThrow(/does not offer SCRAM-SHA-256-PLUS/)
    })
  })
})
