import { parentPort, workerData } from 'node:worker_threads'
import {
  type CallersHear,
  type Deployment,
  emptyTally,
  nextUrl,
  type Subject,
  verifyOne,
} from './verify-secrets.ts'

/** The thread of the callers: each asks one thing after the other, until all are told to stop. */
const { deployment, subjects, callers } = workerData as {
  readonly deployment: Deployment
  readonly subjects: Subject[]
  readonly callers: number
}
const tally = emptyTally()
let isStopped = false

const calling = Array.from({ length: callers }, async (_, index) => {
  while (!isStopped) {
    const subject = subjects[Math.floor(Math.random() * subjects.length)]!
    await verifyOne(nextUrl(deployment), deployment.key, subject, tally, index % 2 === 0)
  }
})

parentPort!.on('message', async (heard: CallersHear) => {
  if (heard === 'stop') {
    isStopped = true
    await Promise.all(calling)
    parentPort!.postMessage(tally)
    return
  }
  Object.assign(subjects[heard.index]!, heard.subject)
  parentPort!.postMessage('heard')
})
