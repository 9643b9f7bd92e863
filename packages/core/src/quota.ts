import { AppError } from './error.ts'

/** What one company may store of a kind; a kind is told as its setting is called. */
export type Quota = { readonly noun: string; readonly setting: string; readonly max: number }

/** Throws AppError `quota_exceeded` when there is no room for one more. */
export function assertRoomForOne({ noun, setting, max }: Quota, count: number): void {
  if (count < max) return
  throw new AppError(
    'quota_exceeded',
    `The company has ${count.toLocaleString('en')} ${noun} and may have ${max.toLocaleString('en')}: ` +
      `ask whoever runs the service to raise ${setting}.`,
  )
}
