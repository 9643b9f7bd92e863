import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'

const refusal = (environment: Record<string, string>): string => {
  try {
    readConfig(environment)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was taken')
}

describe('a variable that somebody else makes is no setting', () => {
  it.each([
    // Kubernetes, for a Service named latchkey.
    ['LATCHKEY_SERVICE_HOST', '10.96.12.7'],
    ['LATCHKEY_SERVICE_HOST', 'fd00:10:96::c07'],
    ['LATCHKEY_SERVICE_PORT', '7070'],
    ['LATCHKEY_SERVICE_PORT_HTTP', '7070'],
    ['LATCHKEY_SERVICE_PORT_HTTP_METRICS', '7070'],
    ['LATCHKEY_PORT', 'tcp://10.96.12.7:7070'],
    ['LATCHKEY_PORT', 'udp://10.96.12.7:53'],
    ['LATCHKEY_PORT_7070_TCP', 'tcp://10.96.12.7:7070'],
    ['LATCHKEY_PORT_7070_TCP_PROTO', 'tcp'],
    ['LATCHKEY_PORT_7070_TCP_PORT', '7070'],
    ['LATCHKEY_PORT_7070_TCP_ADDR', '10.96.12.7'],
    ['LATCHKEY_PORT_53_UDP_ADDR', '10.96.12.7'],
    ['LATCHKEY_PORT_3868_SCTP', 'sctp://10.96.12.7:3868'],
    // For one named latchkey-api, or latchkey-api-v2.
    ['LATCHKEY_API_SERVICE_HOST', '10.96.12.7'],
    ['LATCHKEY_API_V2_SERVICE_PORT_HTTPS', '443'],
    ['LATCHKEY_API_PORT', 'tcp://10.96.12.7:7070'],
    ['LATCHKEY_API_PORT_7070_TCP_ADDR', '10.96.12.7'],
    // Docker, for a linked container named latchkey or latchkey_1.
    ['LATCHKEY_NAME', '/app/latchkey'],
    ['LATCHKEY_ENV_PATH', '/usr/local/bin'],
    ['LATCHKEY_ENV_LATCHKEY_DATA_DIR', '/data'],
    ['LATCHKEY_1_NAME', '/app/latchkey_1'],
    ['LATCHKEY_1_ENV_HOST', '0.0.0.0'],
    ['LATCHKEY_1_PORT_7070_TCP', 'tcp://172.17.0.2:7070'],
    // And whoever else's names only begin alike.
    ['LATCHKEYS_VERSION', '3'],
    ['NOT_LATCHKEY_PORT', '7070'],
  ])('%s=%s', (name, text) => {
    expect(readConfig({ [name]: text }).config.port).toBe(7070)
  })
})

describe('what commands over the network read stops nothing in the same shell', () => {
  it.each([
    { LATCHKEY_URL: 'http://127.0.0.1:7070', LATCHKEY_API_KEY: 'lk_live_x' },
    { LATCHKEY_API_KEY: 'lk_live_x' },
    { LATCHKEY_URL: '' },
  ])('%j', (environment) => {
    expect(readConfig(environment).config.publicUrl).toBe(null)
  })

  it('but an address without a key may be meant for the service itself', () => {
    expect(refusal({ LATCHKEY_URL: 'https://keys.example.com' })).toBe(
      'Unknown setting LATCHKEY_URL: did you mean LATCHKEY_PUBLIC_URL?',
    )
  })
})

describe('a setting that does not exist stops the start, and the one that was meant is named', () => {
  it.each([
    ['LATCHKEY_PORT', '8080', 'PORT'],
    ['LATCHKEY_HOST', '0.0.0.0', 'HOST'],
    ['LATCHKEY_DATABASE_URL', 'postgres://localhost/latchkey', 'DATABASE_URL'],
    ['LATCHKEY_HTTPS_PROXY', 'http://proxy:3128', 'HTTPS_PROXY'],
    ['LATCHKEY_NO_PROXY', 'localhost', 'NO_PROXY'],
    ['LATCHKEY_PROT', '8080', 'PORT'],
    ['LATCHKEY_DATABSE_URL', 'postgres://localhost/latchkey', 'DATABASE_URL'],
    ['LATCHKEY_DB_URL', 'postgres://localhost/latchkey', 'DATABASE_URL'],
    ['LATCHKEY_POSTGRES_URL', 'postgres://localhost/latchkey', 'DATABASE_URL'],
    ['LATCHKEY_BIND_ADDRESS', '0.0.0.0', 'HOST'],
    ['LATCHKEY_LISTEN', '0.0.0.0:7070', 'HOST'],
    ['LATCHKEY_HTTP_PORT', '8080', 'PORT'],
    ['LATCHKEY_DATA', '/data', 'LATCHKEY_DATA_DIR'],
    ['LATCHKEY_DATADIR', '/data', 'LATCHKEY_DATA_DIR'],
    ['LATCHKEY_SERVER_SECRET', 'x', 'LATCHKEY_SECRET'],
    ['LATCHKEY_BASE_URL', 'https://keys.example.com', 'LATCHKEY_PUBLIC_URL'],
    ['LATCHKEY_LOGLEVEL', 'debug', 'LATCHKEY_LOG_LEVEL'],
    ['LATCHKEY_SHUTDOWN_TIMEOUT', '30', 'LATCHKEY_DRAIN_SECONDS'],
    ['LATCHKEY_KEEP_ALIVE_TIMEOUT', '620', 'LATCHKEY_IDLE_SECONDS'],
    ['LATCHKEY_TRUST_PROXY', '1', 'LATCHKEY_TRUSTED_PROXIES'],
    ['LATCHKEY_TRUSTED_PROXY', '10.0.0.0/8', 'LATCHKEY_TRUSTED_PROXIES'],
    ['latchkey_data_dir', '/data', 'LATCHKEY_DATA_DIR'],
    ['Latchkey_Port', '8080', 'PORT'],
    ['LATCHKEY-DATA-DIR', '/data', 'LATCHKEY_DATA_DIR'],
    ['LATCHKEY__WORKERS', '2', 'LATCHKEY_WORKERS'],
    ['LATCHKEY.LOG.LEVEL', 'debug', 'LATCHKEY_LOG_LEVEL'],
    ['LATCHKEY_METRICS', '10.0.0.0/8', 'LATCHKEY_METRICS_FROM'],
    ['LATCHKEY_METRICS_ALLOWLIST', '10.0.0.0/8', 'LATCHKEY_METRICS_FROM'],
    ['LATCHKEY_ISSUERS', '/etc/issuers.json', 'LATCHKEY_ISSUERS_FILE'],
    ['LATCHKEY_OTEL', 'on', 'LATCHKEY_TRACES'],
    ['LATCHKEY_HSOT', '::', 'HOST'],
  ])('%s=%s: did you mean %s?', (name, text, meant) => {
    expect(refusal({ [name]: text })).toBe(`Unknown setting ${name}: did you mean ${meant}?`)
  })

  it.each([
    ['LATCHKEY_PORT', 'not an address'],
    ['LATCHKEY_SERVICE_PORT', 'http'],
    ['LATCHKEY_NAME', 'my service'],
    ['LATCHKEY_PORT_FORWARD', '1'],
  ])('%s=%s is not what an orchestrator makes', (name, text) => {
    expect(refusal({ [name]: text })).toMatch(`Unknown setting ${name}: `)
  })

  it.each(['CONFIG', 'ENV', 'KEY', 'PROXY', 'TIMEOUT', 'TLS_CERT', 'API_KEY_FILE', 'RATE_LIMIT', 'IMAGE'])(
    'LATCHKEY_%s is like none of them',
    (name) => {
      expect(refusal({ [`LATCHKEY_${name}`]: 'x' })).toBe(
        `Unknown setting LATCHKEY_${name}: latchkey serve --help lists all of them.`,
      )
    },
  )

  it('with all of them told at once', () => {
    expect(refusal({ LATCHKEY_PORT: '1', LATCHKEY_ZZZZZZZZZZZZ: 'yes' })).toBe(
      'Unknown setting LATCHKEY_PORT: did you mean PORT? ' +
        'Unknown setting LATCHKEY_ZZZZZZZZZZZZ: latchkey serve --help lists all of them.',
    )
  })
})

describe('space and quotes around a value', () => {
  it.each([
    ['PORT', ' 8080'],
    ['PORT', '8080\r'],
    ['PORT', '8080\n'],
    ['PORT', '\t8080 '],
  ])('%s=%j: space is cut off', (name, text) => {
    expect(readConfig({ [name]: text }).config.port).toBe(8080)
  })

  it('counts as absent when there is nothing else', () => {
    expect(readConfig({ PORT: ' ', LATCHKEY_DATA_DIR: '\r\n' }).config).toMatchObject({
      port: 7070,
      dataDir: './data',
    })
  })

  it.each([
    ['PORT', '"8080"'],
    ['LATCHKEY_DATA_DIR', '"/data"'],
    ['LATCHKEY_DATA_DIR', "'/data' "],
    ['LATCHKEY_PUBLIC_URL', '"https://keys.example.com"'],
    ['LATCHKEY_LOG_LEVEL', "'info'"],
  ])('%s=%s: quotes are told', (name, text) => {
    expect(refusal({ [name]: text })).toMatch(
      new RegExp(`^${name} has quotes around it, which .* leave them out\\.$`),
    )
  })

  it.each([
    ['PORT', '8080 # public'],
    ['LATCHKEY_DATA_DIR', '/data # the volume'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8, # the balancer'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8 #'],
  ])('%s=%s: a comment is told', (name, text) => {
    expect(refusal({ [name]: text })).toMatch(
      new RegExp(`^${name} has a comment behind it, which .*: give it a line of its own\\.$`),
    )
  })

  it('a # in a name is none', () => {
    expect(readConfig({ LATCHKEY_DATA_DIR: '/data/team #2' }).config.dataDir).toBe('/data/team #2')
  })

  it.each([
    ['~service/latchkey', '~service'],
    ['$HOME/latchkey', '$HOME'],
    [`\${STATE_DIRECTORY}`, `\${STATE_DIRECTORY}`],
  ])('LATCHKEY_DATA_DIR=%s: only a shell fills that in', (text, inShell) => {
    expect(refusal({ LATCHKEY_DATA_DIR: text })).toBe(
      `LATCHKEY_DATA_DIR begins with ${inShell}, which only a shell understands: write the whole path.`,
    )
  })

  it.each(['sqlite:///data/latchkey.db', 'file:///data', 's3://bucket/latchkey'])(
    'LATCHKEY_DATA_DIR=%s is no path',
    (text) => {
      expect(refusal({ LATCHKEY_DATA_DIR: text })).toBe(
        'LATCHKEY_DATA_DIR is a URL: write the path alone, such as /data.',
      )
    },
  )

  it.each(['data$', './$HOME', 'a~/b', 'C:\\data'])('LATCHKEY_DATA_DIR=%s is a path', (text) => {
    expect(readConfig({ LATCHKEY_DATA_DIR: text }).config.dataDir).toBe(text)
  })

  it.each([
    'LATCHKEY_DATA_DIR',
    'LATCHKEY_SECRET_FILE',
    'LATCHKEY_ISSUERS_FILE',
    'LATCHKEY_BOOTSTRAP_KEY_FILE',
  ])('%s=~/latchkey: only a shell knows whose home that is', (name) => {
    expect(refusal({ [name]: '~/latchkey' })).toBe(
      `${name} begins with ~, which only a shell understands: write the whole path.`,
    )
  })
})

describe('a value that is wrong is shown, unless it may be a secret', () => {
  it.each([
    [{ PORT: '70000' }, 'PORT must be a whole number from 0 to 65535; got "70000".'],
    [{ PORT: '7070/tcp' }, 'PORT must be a whole number from 0 to 65535; got "7070/tcp".'],
    [{ PORT: 'tcp://10.96.12.7:7070' }, 'PORT must be a whole number from 0 to 65535; got a longer text.'],
    [
      { LATCHKEY_DRAIN_SECONDS: '5s' },
      'LATCHKEY_DRAIN_SECONDS must be a whole number from 0 to 3600; got "5s".',
    ],
    [
      { LATCHKEY_DRAIN_SECONDS: '-1' },
      'LATCHKEY_DRAIN_SECONDS must be a whole number from 0 to 3600; got "-1".',
    ],
    [{ LATCHKEY_IDLE_SECONDS: '0' }, 'LATCHKEY_IDLE_SECONDS must be a whole number from 1 to 3600; got "0".'],
    [{ LATCHKEY_TRACES: 'true' }, 'LATCHKEY_TRACES must be on or off; got "true".'],
  ])('%j', (environment, told) => {
    expect(refusal(environment)).toBe(told)
  })

  it('LATCHKEY_SECRET', () => {
    expect(refusal({ LATCHKEY_SECRET: 'too short, as it is' })).not.toContain('too short, as')
  })
})

describe('an address in another form than is asked for', () => {
  it.each([
    ['HOST', 'http://127.0.0.1', /^HOST must be an address alone.*got "http:\/\/127\.0\.0\.1"/],
    ['HOST', 'localhost:80', /^HOST must be an address alone/],
    ['HOST', '127.0.0.1:7070', /^HOST must be an address alone/],
    ['HOST', '127.0.0.1/8', /^HOST must be an address alone/],
    ['HOST', 'a b', /^HOST must be an address alone/],
    ['HOST', '[::1]:7070', /^HOST must be an address alone/],
    ['HOST', '*', /^HOST is an address: 0\.0\.0\.0 or :: is every interface/],
    // The system reads the first two as 0.0.0.0.
    ['HOST', '0', /^HOST must be an address in full.*0\.0\.0\.0 is every interface; got "0"/],
    ['HOST', '0x0', /^HOST must be an address in full/],
    ['HOST', '127.1', /^HOST must be an address in full/],
    ['HOST', '010.0.0.1', /^HOST must be an address in full/],
    ['HOST', '256.0.0.1', /^HOST must be an address in full/],
    ['LATCHKEY_TRUSTED_PROXIES', '1', /^LATCHKEY_TRUSTED_PROXIES: "1" is a single number: write four/],
    ['LATCHKEY_TRUSTED_PROXIES', ',', /^LATCHKEY_TRUSTED_PROXIES must hold addresses and blocks such as/],
    ['LATCHKEY_METRICS_FROM', '0.0.0.0', /holds 0\.0\.0\.0, which no client has.*every one is 0\.0\.0\.0\/0/],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.1,::', /holds ::, which no client has/],
    ['LATCHKEY_CORS_ORIGINS', 'https://*.example.com', /holds a \*, and stands for itself/],
    ['LATCHKEY_CORS_ORIGINS', 'https:app.example.com', /must be an origin such as/],
    ['LATCHKEY_CORS_ORIGINS', 'https://u:hunter2@example.com', /^(?!.*hunter2).*must be an origin/],
    ['LATCHKEY_PUBLIC_URL', 'https://example.com/a/../b', /must be a URL such as/],
    ['LATCHKEY_PUBLIC_URL', 'https://example.com\\latchkey', /must be a URL such as/],
    ['LATCHKEY_PUBLIC_URL', `https://\${DOMAIN}`, /must be a URL such as/],
    ['LATCHKEY_PUBLIC_URL', 'https://{{ domain }}', /must be a URL such as/],
    ['LATCHKEY_PUBLIC_URL', 'https://*.example.com', /must be a URL such as/],
    ['LATCHKEY_CORS_ORIGINS', 'https://$APP_DOMAIN', /must be an origin such as/],
    ['LATCHKEY_BOOTSTRAP_KEY_FILE', '-', /names a file; - is one of that name here/],
    ['LATCHKEY_SECRET_FILE', '-', /names a file/],
  ])('is refused, and says which form: %s=%s', (name, text, sentence) => {
    expect(refusal({ [name]: text })).toMatch(sentence)
  })

  it.each([
    ['HOST', '[::1]', { host: '::1' }],
    ['HOST', 'fe80::1%eth0', { host: 'fe80::1%eth0' }],
    ['HOST', '::', { host: '::' }],
    ['HOST', '::ffff:127.0.0.1', { host: '::ffff:127.0.0.1' }],
    ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['HOST', 'node2', { host: 'node2' }],
    ['LATCHKEY_PUBLIC_URL', 'https://[::1]:7070', { publicUrl: 'https://[::1]:7070' }],
    ['LATCHKEY_PUBLIC_URL', 'http://my_host', { publicUrl: 'http://my_host' }],
    ['HOST', 'keys-1.internal', { host: 'keys-1.internal' }],
    ['LATCHKEY_CORS_ORIGINS', 'https://App.example.com:443/', { corsOrigins: ['https://app.example.com'] }],
    ['LATCHKEY_PUBLIC_URL', 'HTTPS://Keys.Example.com:443/In/', { publicUrl: 'https://keys.example.com/In' }],
    ['LATCHKEY_PUBLIC_URL', 'http://127.0.0.1:7070', { publicUrl: 'http://127.0.0.1:7070' }],
  ])('is taken where it can mean one thing only: %s=%s', (name, text, config) => {
    expect(readConfig({ [name]: text }).config).toMatchObject(config)
  })

  it('every block may still be named', () => {
    expect(readConfig({ LATCHKEY_METRICS_FROM: '0.0.0.0/0,::/0' }).config.metricsFrom).not.toBeNull()
  })
})
