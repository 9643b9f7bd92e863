import { useRef } from 'react'

/**
 * The header with which something is made once: the same for a second try of the same, because an answer that was lost
 * must not cost a second one.
 */
export function useAttempt(): (body: object) => Readonly<Record<string, string>> {
  const attempt = useRef({ body: '', id: '' })
  return (body) => {
    const text = JSON.stringify(body)
    if (attempt.current.body !== text) attempt.current = { body: text, id: crypto.randomUUID() }
    return { 'idempotency-key': attempt.current.id }
  }
}
