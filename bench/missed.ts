/**
 * Why a goal is missed, found with --cpu-prof and perf, by the id of the row. A line here goes when its goal is
 * reached.
 */
export const MISSED: Readonly<Record<string, string>> = {
  V1: `On this machine a system call costs more than anything else: getppid takes 1.4 µs, the one pread of a verification 2.2, and
bare node:http some 22, nearly all of it in the kernel. A check adds as much again: the pread, two hashes, a dozen answer
headers that Node checks one by one, addresses, a request id, a histogram with labels. Nothing of it stands out in a profile.`,
  V1b: 'As V1.',
  V2: `As V1, twice: the caller is authenticated before the body is looked at, and the key after, each with a pread of its own. And the
body is parsed by JSON.parse, walked a second time for duplicate names and depth, and held against its schema.`,
  V7: `A fingerprint takes 0.7 µs. Beside it stands one system call that looks whether anybody committed: 1.1 µs on a quiet
machine, twice that on a busy one, and what comes after it is slower, for it leaves processor caches behind that must be
filled again. The goal needs the call to go, which on one machine only shared memory between the processes could replace.`,
  V7b: 'As V7.',
  V8: `The record of a key takes 128 bytes, its id and fingerprint 48 each as texts, the cache's own note of it 56, and two hash
tables 37 each. Closest: keep records packed in one buffer, and make the object when it is asked for.`,
  L2: `One read of the store: the locks of a snapshot are four system calls, and a row of 24 columns becomes an object. Admission
and answer as in V1.`,
  M1: 'Over a thousand modules are loaded at the start, all operations with their validators and serializers among them. Not taken apart further.',
  M2: 'It is the start itself, as M1b: no key is loaded before somebody asks, and the number of keys does not show.',
  W1: `One create leaves some 14 pages in the write-ahead log (28 pwrite calls, then one fsync; strace): the key's row in five
indexes, the company, the user, the event and its index. The raw append writes one page. Of the CPU time
that is left, most is SQLite's: the statements, and two system calls for each page.`,
  W2: 'As W1; the fsync is shared, what remains is the CPU time of a create.',
  W2b: 'As W1; HTTP, validation and answer come on top, on the one thread that also writes.',
  D1: `A deep page is skipped in chunks of 250 rows, one statement each, and between two of them everybody else gets a turn: a
check waits for the chunk under way. What is left of the p99 moves by half with whatever else the machine does.`,
}
