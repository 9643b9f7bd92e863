import type { OperationId } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import fastJsonStringify, { type Schema } from 'fast-json-stringify'
import type { Elements } from '../admission/pieces.ts'
import type { Reply } from '../schema/context.ts'
import { type Answer, jsonAnswer } from '../wire/answer.ts'

/** Bytes that are sent in one write: as much as a connection takes at once. */
const ONE_WRITE_BYTES_MAX = 64 * 1024

/** Presents an answer with a serializer made from its schema, which cannot show a field that is not declared. */
export type Presenter = {
  present(reply: Reply<OperationId>): Answer
  /** Of an operation whose answer is a list: the text of one element. */
  elementText(element: unknown): string
}

type Properties = Readonly<Record<string, { readonly type?: unknown; readonly items?: Schema }>>

export function createPresenter({ status, schema }: Operation['success']): Presenter {
  if (schema === undefined) {
    return { present: ({ headers = {} }) => ({ status, headers, body: undefined }), elementText: noList }
  }
  const serialize = stringifierOf(schema as Schema)
  const properties = (schema as { readonly properties?: Properties }).properties ?? {}
  const [list, items] = Object.entries(properties).find(([, { type }]) => type === 'array') ?? []
  return {
    present({ headers, body, elements }) {
      if (elements === undefined || list === undefined) return jsonAnswer(status, serialize(body), headers)
      const around = serialize({ ...body, [list]: [] })
      return { ...jsonAnswer(status, '', headers), ...inserted(around, `"${list}":[`, elements) }
    },
    elementText: items?.items === undefined ? noList : stringifierOf(items.items),
  }
}

/** Made when it is first used: a start would pay for those of all operations, and few are ever used. */
function stringifierOf(schema: Schema): (value: unknown) => string {
  let stringify: ((value: unknown) => string) | undefined
  return (value) => {
    stringify ??= fastJsonStringify(schema)
    return stringify(value)
  }
}

/**
 * Puts the elements into their place. No text inside JSON can hold the characters that are searched for: its quotes are
 * escaped.
 */
function inserted(
  around: string,
  opening: string,
  { pieces, release }: Elements,
): Pick<Answer, 'body' | 'onOver'> {
  const start = around.indexOf(`${opening}]`) + opening.length
  const all = [Buffer.from(around.slice(0, start)), ...pieces, Buffer.from(around.slice(start))]
  const bytes = all.reduce((sum, piece) => sum + piece.length, 0)
  return { body: bytes > ONE_WRITE_BYTES_MAX ? all : Buffer.concat(all, bytes), onOver: release }
}

function noList(): never {
  throw new Error('the answer of this operation has no list')
}
