import { print } from './print.ts'

export type Column<Item> = { readonly title: string; readonly text: (item: Item) => string }

/** JSON, one object a line; a table for whoever looks at a terminal; ids for what reads a pipe. */
export async function printListing<Item extends { readonly id: string }>(
  items: AsyncIterable<Item>,
  columns: readonly Column<Item>[],
  isJson: boolean,
): Promise<void> {
  if (!isJson && process.stdout.isTTY) {
    await print(tableOf(await Array.fromAsync(items), columns))
    return
  }
  for await (const item of items) await print(`${isJson ? JSON.stringify(item) : item.id}\n`)
}

/** Columns as wide as what is in them, two spaces apart. */
export function tableOf<Item>(items: readonly Item[], columns: readonly Column<Item>[]): string {
  const rows = [
    columns.map(({ title }) => title),
    ...items.map((item) => columns.map(({ text }) => text(item))),
  ]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((text, index) => text.padEnd(widths[index]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** At most so many. */
export async function* firstOf<Item>(items: AsyncIterable<Item>, max: number): AsyncIterable<Item> {
  let left = max
  for await (const item of items) {
    yield item
    left -= 1
    if (left === 0) return
  }
}
