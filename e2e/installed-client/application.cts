import client = require('@latchkey/client')
import adapter = require('@latchkey/client/express')

const latchkey = new client.Latchkey()
export const guard = adapter.requireKey({ latchkey, permission: 'orders:read' })
export const deleted: Promise<undefined> = latchkey.keys.delete('key_1')
