/**
 * passport-headerapikey in Express, as its documentation sets it up, with what it leaves to the application at its
 * quickest: hashes of keys in a table of SQLite, one prepared read by a unique index, and one permission of the key.
 * Told what to do by its arguments, as JSON.
 */
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import passport from 'passport'
import { HeaderAPIKeyStrategy } from 'passport-headerapikey'

const { file, keys, task } = JSON.parse(process.argv[2])
const database = new DatabaseSync(file)
database.exec('PRAGMA journal_mode = WAL')

if (task === 'fill') fill()
else serve()

function fill() {
  database.exec('CREATE TABLE keys (hash BLOB PRIMARY KEY, user TEXT, permissions TEXT) WITHOUT ROWID')
  const insert = database.prepare('INSERT INTO keys VALUES (?, ?, ?)')
  database.exec('BEGIN')
  for (let index = 0; index < keys; index++) insert.run(hashOf(textOf(index)), `user${index}`, 'app:read')
  database.exec('COMMIT; ANALYZE')
}

function textOf(index) {
  return createHash('sha512').update(`bench ${index}`).digest('hex').slice(0, 64)
}

function hashOf(text) {
  return createHash('sha256').update(text).digest()
}

function serve() {
  const find = database.prepare('SELECT user, permissions FROM keys WHERE hash = ?')
  passport.use(
    new HeaderAPIKeyStrategy({ header: 'X-API-KEY', prefix: '' }, false, (key, done) => {
      const user = find.get(hashOf(key))
      done(null, user === undefined ? false : user)
    }),
  )
  const app = express()
  app.disable('etag')
  app.disable('x-powered-by')
  app.get('/check', passport.authenticate('headerapikey', { session: false }), (request, response) => {
    const isPermitted = request.user.permissions.split(' ').includes('app:read')
    response.status(isPermitted ? 200 : 403).send('ok')
  })
  const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
}
