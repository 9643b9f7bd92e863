/**
 * Why a goal is missed, found with --cpu-prof and perf, by the id of the row. A line here goes when its goal is
 * reached.
 */
export const MISSED: Readonly<Record<string, string>> = {
  V1: `By the request and CPU: bare node:http 23 µs, bare fastify 25 µs, our GET /healthz 37 µs, the check 75 to 90 µs.
So the framework costs little. 12 µs are the two hooks of every request (app.ts: request id, address, a labelled
histogram, the fields of a log line that is not written). About 4 µs are the head of the store, read from SQLite before each
look-up. The rest is spread thin over authenticate and over a dozen answer headers that are set one by one. Closest: answer
the check before the framework, with all headers in one writeHead.`,
  V1b: 'As V1; with these keys nothing is loaded from the store.',
  V2: 'As V1, and the serializer made from the schema; the body is parsed twice, once with a look at duplicate keys.',
  V7: `A verification takes 6 to 7 µs when the key is in memory, a fingerprint 0.7. 3 to 3.7 µs of it are the head of the store: one
SELECT, which costs two fcntl locks. Reading the first 96 bytes of the -shm file shows as surely that nothing was committed
since, and costs 1.1 µs. With all of 100,000 keys in use an eighth of them are loaded again: when the young generation is full, the old
one is let go whole, so only half of the 100,000 are certain to stay.`,
  V7b: 'As V7; with these keys nothing is loaded from the store.',
  L2: `The query is built and compiled anew for each request (kysely: visitNode, freeze and the nodes, about a seventh); the
reader's snapshot is a BEGIN and a COMMIT of their own; admission as in V1.`,
  M1: 'The validators, serializers and schemas of all operations, the query builder and the crypto of tokens are loaded at the start.',
  M1b: `Half of the start is importing: some 400 modules are found, read and freed of their types one by one. A bundle, or
Node's compile cache (module.enableCompileCache), would save most of it.`,
  M2: 'It is the start itself, as M1b: no key is loaded before somebody asks, and the number of keys does not show.',
}
