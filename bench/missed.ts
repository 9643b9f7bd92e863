/**
 * Why a goal is missed, found with --cpu-prof and perf, by the id of the row. A line here goes when its goal is
 * reached.
 */
export const MISSED: Readonly<Record<string, string>> = {
  V1: `By the request and CPU: bare node:http 23 µs, bare fastify 25 µs, our GET /healthz 37 µs, the check 75 to 90 µs (on a machine with a load of 8).
So the framework costs little. 12 µs are the two hooks of every request (app.ts: request id, address, a labelled
histogram, the fields of a log line that is not written). About 4 µs are the head of the store, read from SQLite before each
look-up. The rest is spread thin over authenticate and over a dozen answer headers that are set one by one. Closest: answer
the check before the framework, with all headers in one writeHead.`,
  V1b: 'As V1; with these keys nothing is loaded from the store.',
  V2: 'As V1, and the serializer made from the schema; the body is walked a second time for duplicate names (2 to 3 µs).',
  V7: `A verification takes 6 to 7 µs when the key is in memory, a fingerprint 0.7. 3 to 3.7 µs of it are the head of the store: one
SELECT, which costs two fcntl locks. Reading the first 96 bytes of the -shm file shows as surely that nothing was committed
since, and costs 1.1 µs. With all of 100,000 keys in use in turn, three quarters are loaded again each time: when the young
generation is full, the old one is let go whole, so only half of the 100,000 are certain to stay.`,
  V7b: 'As V7; with these keys nothing is loaded from the store.',
  L2: `The query is built and compiled anew for each request (kysely: visitNode, freeze and the nodes, about a seventh); the
reader's snapshot is a BEGIN and a COMMIT of their own; admission as in V1.`,
  M1: '1,307 modules are loaded at the start, all operations with their validators and serializers among them. Not taken apart further.',
  M1b: `Half of the start is importing: 1,307 modules are found and read, 208 of them freed of their types. Node's
compile cache (module.enableCompileCache) takes the import from 0.77 s to 0.45 s.`,
  M2: 'It is the start itself, as M1b: no key is loaded before somebody asks, and the number of keys does not show.',
  V11: 'It is the cache, as in V7: 10,000 keys stay in memory, of 100,000 used in turn a quarter does.',
  W1: `One create leaves some 14 pages in the write-ahead log (28 pwrite calls, then one fsync; strace): the key's row in five
indexes, the company, the user, the event and its index. The raw append writes one page. On a busy machine 2 ms of CPU
come on top, most of it the query builder.`,
  W2: 'As W1; the fsync is shared, what remains is the CPU time of a create.',
  W2b: 'As W1; HTTP, validation and answer come on top, on the one thread that also writes.',
  D1: `A deep page is skipped in chunks of 10,000 rows, one statement each: 0.6 ms of CPU during which nobody is answered, against
a check of 0.1 ms. A chunk of 2,000 rows would hold the thread for as long as a check takes.`,
}
