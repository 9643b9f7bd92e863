import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { findLinks, inKernel, isDangling } from '../data-dir.ts'
import { explainWriteError } from '../storage/disk-fault.ts'
import { findKernelPlace } from '../storage/make-directory.ts'
import { type Disk, isRoomLeft } from '../storage/sqlite/room.ts'
import { isOpenToOthers, modeOf } from './file-mode.ts'
import { type Finding, fine, problem, reasonOf, warning } from './finding.ts'

const MIB = 1024 * 1024
/** Time to act: a service that is busy fills the rest in days. Of a small disk a part. */
const FREE_BYTES_LOW = 1024 * MIB
const FREE_SHARE_LOW = 0.2

/** File systems over a network (statfs(2)): they do not lock SQLite files reliably. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
])

/** Whether the service can write there, and nobody else can read. */
export function diagnoseDataDir(dataDir: string): Finding {
  const check = 'data-directory'
  const place = resolve(dataDir)
  const kernelPlace = findKernelPlace(place)
  if (kernelPlace !== undefined) {
    return problem(check, inKernel(place, kernelPlace), 'Let LATCHKEY_DATA_DIR name a directory on a disk.')
  }
  const found = statSync(place, { throwIfNoEntry: false })
  if (found === undefined && isDangling(place)) {
    const remedy = 'Mount or make that, or let LATCHKEY_DATA_DIR name another.'
    return problem(check, `${place} is a symbolic link to a place that is not there.`, remedy)
  }
  if (found === undefined) return diagnoseMaking(check, place)
  if (!found.isDirectory()) {
    return problem(check, `${place} is not a directory.`, 'Choose another with LATCHKEY_DATA_DIR.')
  }
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const fault = explainWriteError(error, place)
    if (fault !== undefined) return problem(check, `${capital(fault.detail)}.`, fault.remedy)
    const remedy = 'Give it to the user the service runs as, or choose another with LATCHKEY_DATA_DIR.'
    return problem(check, `${place} cannot be read and written by this user (${reasonOf(error)}).`, remedy)
  }
  const [link] = findLinks(place)
  if (link !== undefined) {
    const remedy = 'Put the file itself there, or let LATCHKEY_DATA_DIR name the directory that it is in.'
    return problem(check, `${link} is a symbolic link, which the service does not follow.`, remedy)
  }
  if (isOpenToOthers(found.mode)) {
    // A volume belongs to a group (fsGroup of Kubernetes, 0 on OpenShift), and what is made in it to its maker alone.
    const isOfGroup = (found.mode & 0o007) === 0
    const others = isOfGroup ? 'its group' : 'other users of the machine'
    const detail = `${place} has the mode ${modeOf(found.mode)}: ${others} can look inside.`
    return (isOfGroup ? warning : problem)(check, detail, `chmod 700 '${place}'`)
  }
  return fine(check, `${place}, mode ${modeOf(found.mode)}, writable`)
}

/** Whether the first start can make it. */
function diagnoseMaking(check: string, place: string): Finding {
  const above = nearestExisting(place)
  try {
    if (!statSync(above).isDirectory()) throw new Error(`${above} is not a directory`)
    accessSync(above, constants.W_OK | constants.X_OK)
    return fine(check, `${place} is not made yet; the first start makes it`)
  } catch (error) {
    const fault = explainWriteError(error, above)
    const detail = `${place} is not there and cannot be made by this user (${fault?.detail ?? reasonOf(error)}).`
    const remedy =
      'Make it, and give it to the user the service runs as, or choose another with LATCHKEY_DATA_DIR.'
    return problem(check, detail, fault?.remedy ?? remedy)
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Whether there is room, on a disk that keeps what it is given. */
export function diagnoseDisk(dataDir: string): Finding {
  const place = nearestExisting(resolve(dataDir))
  const { bavail, blocks, bsize, type, files, ffree } = statfsSync(place)
  // Some file systems count no files, and say 0 of 0.
  const areFilesLeft = files === 0 || ffree > 0
  const room = roomFinding(place, { freeBytes: bavail * bsize, allBytes: blocks * bsize }, areFilesLeft)
  const network = NETWORK_FILE_SYSTEMS.get(type)
  if (network === undefined || room.level === 'problem') return room
  const detail = `${place} is on ${network}, where SQLite files are not locked reliably.`
  return warning(room.check, detail, 'Put LATCHKEY_DATA_DIR on a local disk.')
}

/** As the service judges it. */
export function roomFinding(place: string, disk: Disk, areFilesLeft: boolean): Finding {
  const check = 'disk'
  const detail = `${sizeOf(disk.freeBytes)} free under ${place}`
  if (!areFilesLeft) {
    return problem(check, `No file can be made under ${place}: all inodes are taken.`, 'Remove files.')
  }
  const remedy = 'Make room, or enlarge the disk.'
  if (disk.freeBytes === 0) return problem(check, `${detail}: nothing can be stored.`, remedy)
  if (!isRoomLeft(disk)) {
    const kept = 'what is left is kept for deleting and disabling, and nothing new can be created'
    return problem(check, `${detail}: ${kept}.`, remedy)
  }
  const isLow = disk.freeBytes < Math.min(FREE_BYTES_LOW, disk.allBytes * FREE_SHARE_LOW)
  const soon = 'Make room, or enlarge the disk: on a nearly full one nothing new can be created.'
  return isLow ? warning(check, `${detail}.`, soon) : fine(check, detail)
}

function nearestExisting(place: string): string {
  return existsSync(place) || dirname(place) === place ? place : nearestExisting(dirname(place))
}

export function sizeOf(bytes: number): string {
  const mib = bytes / MIB
  return mib < 1024 ? `${mib.toFixed(1)} MiB` : `${(mib / 1024).toFixed(1)} GiB`
}
