/**
 * Why a goal is missed, found with --cpu-prof and perf, by the id of the row. A line here goes when its goal is
 * reached.
 */
export const MISSED: Readonly<Record<string, string>> = {
  V1: `Bare node:http takes some 15 µs, nearly all of it in the kernel. One added to it after the other, each request by itself: our
headers, all thirteen, 12 %, the hash 7 %, the engine 9 %, and route, address, request id, what the gateway asks for and metrics
40 %, over some forty functions. Now requests that come together are worked on together, so that they find the processor's caches
warm (docs/decisions/0169). Each key in use is a row every twenty seconds, and another every minute.`,
  V1b: 'As V1.',
  V2: `As V1, and the caller is authenticated before the body is looked at, and the key after. The body is parsed by JSON.parse,
walked a second time for duplicate names and depth, and held against its schema: 1.5 µs in a loop, the verdict and its text 1.1, the
two hashes more 1.`,
  D3: `On one event loop a check waits for the piece of work that is under way, and of large requests a few are worked on at once.
The costliest pieces take 4 to 15 ms. What was done, what would reach it, and why it is measured against bare node:http under as
many connections: docs/decisions/0150.`,
  V8: `Taken apart when it was 392 bytes: since then a key has limits, uses and a first secret at hand. The record of a key takes 128 bytes, its id and fingerprint 48 each as texts, the cache's own note of it 56, and two hash
tables 37 each. Smaller objects do not get there: without the note and one of the tables it would still be 300. Tried in a loop
beside it: rows of bytes in one buffer, found by two tables of numbers, from which the object is made when it is asked for. 105
bytes a key where users share what keys say, and 750 ns a hit in place of 1,450 (100,000 keys in no order: the rows are in fewer
places of memory). It asks for a second way for keys with two secrets or none, and for the room they take.`,
  V12: `Two processes and the load share two cores, so that each request finds colder caches: perf shows the same functions, each of
them slower. V12b is what two bare servers lose by that, V12c what is left to the store that is shared.`,
  V12c: `What one process writes of the use of keys, the other reads past; and each writes its own.`,
  L2: `One read of the store, 14 µs in a loop: the locks of a snapshot are two system calls (strace), and a row of 21 columns becomes
an object. Admission and answer as in V1.`,
  M1: `Over a thousand modules of the source are loaded at the start, each with its text. The package
has them in a few files, and meets it (M3). Validators and serializers are made when an operation is first used: all at the start
took 4 MiB more, and about 130 of 1,065 ms.`,
  M2: 'It is the start itself, as M1b: no key is loaded before somebody asks, and the number of keys does not show. The package: M3c.',
  V9: `A key that nobody made is one read of the store by two unique indexes, 2 µs in a loop where a group shares its snapshot; and a
note that there is none. Valid keys are answered from memory. Caching more of what is not there would help those who guess.`,
  V10: 'As V1: what a check takes besides bare node:http is there for one caller as for many.',
  V3: 'nginx answers in C from one table; the event loop and the HTTP of Node alone take twice what nginx takes for all of it. As V1.',
  W3: `better-auth inserts one row and answers; here the counters, the audit event and its seal are in the same transaction. Of a
create's 580 µs the server has 520; its transaction takes 370 of them. The thread computes for 415 µs, a good third of it outside
the transaction, so that the disk is the smaller part (counted by /metrics and /proc, one caller). As W1.`,
  W3b: 'As W3: the 32 share commits, and each has some ten statements of its own.',
  W1: `One create leaves 14 pages in the write-ahead log (two pwrite calls each, then one fsync): the key's row in five
indexes, the company, the user, the event and its index, and what is split of them. In a profile COMMIT is four fifths of a create.
14 pages written so, without SQLite, take 1.1 times the raw append of one. Pages of 1, 2 or 8 KiB, and a log that is brought into the
file less often, change nothing that shows. Closest: two of the key's indexes fewer would be 12 pages, at the price of the lists
(docs/decisions/0040).`,
  R2: `A change is made durable, the other servers hear of it, and each notes durably that it has forgotten; then it is answered. One
server alone takes two thirds of it (R2b).`,
  R7: `Bare node:http that reads each question and answers it half a second later (R7b) takes nearly the floor, and three fifths of
this: a question comes after a pause, to cold caches, and wakes the process. The rest is spread over forty files, none of them with
a twentieth. What fewer questions would take, and why there are not fewer: docs/decisions/0165.`,
  U1: `A key and day takes 29 bytes: a byte of header for each of 14 columns, nothing for a zero, and pages that are filled in
the order in which keys come, to two thirds. Closest: the refusals of a day, which are rare, in rows of their own.`,
  U1b: `Thirty look-ups in a table of a gigabyte, one for each day, and those of admission and networks. Closest: the key before
the day in the index, at the price of a flush that touches pages all over it.`,
  U2: `Use is written by the thread that verifies, half a millisecond and then a rest; a commit of 50 keys waits for no disk. The
thread that brings the log into the file works in the same moments, on the same two cores as the load.`,
  V5: `A bare server that reads and answers JSON takes some 23 µs a request (V2), better-auth some 850. Forty-five times as many as
better-auth would take less than those 23.`,
  V5b: `As V5: forty-five times as many would be a bare server. The database's own work, which better-auth asks for with each
verification, is not counted on either side.`,
  V5c: `As V5: twenty times as many would be less than a bare server that answers JSON.`,
  V6: `Fifteen hundred times as many would be 0.6 µs each: less than the hash of a text alone (V7: 0.8 µs).`,
  V6b: `As V6.`,
  V7: `The hash takes two fifths. The rest is the look-up in two tables of 100,000 keys, which no cache of the processor
holds, and the verdict.`,
  V7b: `As V7.`,
  V13: `As V7, and each verdict is an object with what the key says, behind a promise, and is noted for the report of uses.`,
  V14: `Two rate limits and a quota are three accounts to charge, and what is left in each is told in headers.`,
  V15b: `The text is hashed twice: as the old system did, and then as our own.`,
  W2: `What 32 callers share is the fsync. Each create still has its ten statements and its pages, some 90 µs.`,
  W2b: `As W2, and each create is a request that is admitted, read and answered.`,
  M1b: `As M1; M3b is the package.`,
  'R6.100': `A deletion answers the questions of a hundred verifiers, and waits until each has asked its next: two hundred requests
at once, on the two cores that the three servers, PostgreSQL and the verifiers share.`,
  V4: `A reload of nginx takes half of the 0.28 s here that were seen when the goal was set, and a deletion is on disk before it
is answered, over a connection of its own.`,
  U2b: 'As U2, and the database that takes the writes is on the same two cores.',
}
