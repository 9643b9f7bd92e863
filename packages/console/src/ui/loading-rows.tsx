const ROWS = [1, 2, 3, 4, 5, 6]

/** Rows as they will stand, so that nothing jumps when they come. */
export function LoadingRows({ columns }: { readonly columns: number }) {
  return ROWS.map((row) => (
    <tr key={row} className="lk-loading">
      {Array.from({ length: columns }, (_, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the cells are all alike, and never move
        <td key={column}>
          <span />
        </td>
      ))}
    </tr>
  ))
}
