/** The scripts in configurations of gateways that cannot be run here, run by the Lua that HAProxy has. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { documentedFile } from './documented.ts'
import { findProgram, printed } from './processes.ts'

const run = promisify(execFile)
const HAPROXY = findProgram('haproxy')
const hasLua = HAPROXY !== undefined && (await printed(HAPROXY, ['-vv'])).includes('Built with Lua')
/** A machine that is there to find out must not pass by leaving out. */
const isLeftOut = !hasLua && process.env.CI_REQUIRE_GATEWAYS !== '1'

const home = mkdtempSync(join(tmpdir(), 'latchkey-scripts-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const recipe = (name: string) => parse(readFileSync(documentedFile(name), 'utf8'))

/** What a script prints about the names that are left, with the gateway's own objects stood in for. */
async function namesLeft(script: string): Promise<string[]> {
  const file = join(home, 'script.lua')
  const config = join(home, 'haproxy.cfg')
  const result = join(home, 'left.txt')
  writeFileSync(file, `${script}\nlocal out = io.open("${result}", "w")\nout:write(LEFT()) out:close()\n`)
  writeFileSync(
    config,
    `global\n  lua-load ${file}\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend f\n  bind 127.0.0.1:1\n`,
  )
  await run(HAPROXY!, ['-c', '-f', config])
  return readFileSync(result, 'utf8')
    .split('\n')
    .filter((name) => name !== '')
}

const SEPARATORS = [..."-_.!#$%&'*+^`|~"]
const SPOOFED = ['x-auth-user-id', 'x-auth-permissions', 'x-auth-replace-by']
const spelled = (name: string) => SEPARATORS.map((separator) => name.replaceAll('-', () => separator))
const MINE = [
  'x-forwarded-for',
  'x-api-key',
  'authorization',
  'cookie',
  'x-author',
  'x-authors-note',
  'accept',
]

const luaList = (names: readonly string[]) =>
  `{ ${names.map((name) => `[ [=[${name}]=] ] = "spoofed"`).join(', ')} }`

test.skipIf(isLeftOut)(
  'Envoy’s removes names that an application may take for those it trusts, and no others',
  async () => {
    const [listener] = recipe('envoy.yaml').static_resources.listeners
    const [lua] = listener.filter_chains[0].filters[0].typed_config.http_filters
    const aliases = spelled('x-forwarded-for').filter((name) => name !== 'x-forwarded-for')
    const sent = [...SPOOFED.flatMap(spelled), ...aliases, 'x-auth_user-id', 'x_auth-user-id', ...MINE]
    const left = await namesLeft(`
${lua.typed_config.default_source_code.inline_string}
local sent = ${luaList(sent)}
local going = false
local headers = {}
function headers:remove(name) assert(not going, "changed while one goes through them") sent[name] = nil end
setmetatable(headers, { __pairs = function()
  going = true
  return function(_, at)
    local name, value = next(sent, at)
    if name == nil then going = false end
    return name, value
  end, sent, nil
end })
envoy_on_request({ headers = function() return headers end })
function LEFT() local names = {} for name in pairs(sent) do names[#names + 1] = name end return table.concat(names, "\\n") end
`)
    expect(left.sort()).toEqual([...MINE].sort())
  },
)

test.skipIf(isLeftOut)('APISIX’s removes the secret, and where the client says that it is', async () => {
  const [{ plugins }] = recipe('apisix.yaml').routes
  const [script] = plugins['serverless-post-function'].functions
  const left = await namesLeft(`
local sent = { ["x-api-key"] = 1, authorization = 1, forwarded = 1, ["true-client-ip"] = 1, accept = 1 }
package.preload["apisix.core"] = function()
  return { request = { set_header = function(_, name, value) sent[name:lower()] = value end } }
end
local run = (function() ${script} end)()
run({}, {})
function LEFT() local names = {} for name in pairs(sent) do names[#names + 1] = name end return table.concat(names, "\\n") end
`)
  expect(left).toEqual(['accept'])
})
