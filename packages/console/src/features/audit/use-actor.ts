import { useUsers } from '../../api/queries.ts'

/** Who is meant by a text: the id itself, or the name or email address of one user. */
type Actor = { readonly id: string | undefined; readonly unknown: string | undefined }

const ID = /^(?:usr|key|ses)_/

/** The table names people: who reads it looks for them by that name. */
export function useActor(text: string | undefined): Actor {
  const users = useUsers()
  const wanted = text?.trim().toLowerCase()
  if (wanted === undefined || ID.test(wanted) || users.length === 0) return { id: text, unknown: undefined }
  const fitting = users.filter(({ name, email }) => [name.toLowerCase(), email].includes(wanted))
  if (fitting.length === 1) return { id: fitting[0]?.id, unknown: undefined }
  const unknown =
    fitting.length === 0
      ? 'No user is called that: give a name, an email address or an id.'
      : 'Several users are called that: give the email address or the id.'
  return { id: text, unknown }
}
