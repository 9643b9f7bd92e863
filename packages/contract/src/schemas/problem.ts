import { ERROR_CODES, type ErrorCode } from '@latchkey/core/error'
import { type Static, Type } from 'typebox'

const Code = Type.Unsafe<ErrorCode>({
  type: 'string',
  enum: [...ERROR_CODES],
  description: 'Stable, machine-readable. Later releases may add some.',
})

export const Problem = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description: 'Address of the page that explains the code.',
    }),
    title: Type.String({ description: 'Short text for the code.' }),
    status: Type.Integer({ description: 'HTTP status.' }),
    detail: Type.String({ description: 'What went wrong this time and how to fix it.' }),
    message: Type.String({ description: 'Same text as detail.' }),
    code: Code,
    requestId: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.Optional(Type.String({ description: 'JSON Pointer into the body.' })),
          parameter: Type.Optional(Type.String({ description: 'Query or path parameter.' })),
          header: Type.Optional(Type.String()),
          code: Type.String({ description: 'From the same list as the code of the whole.' }),
          detail: Type.String(),
          suggestion: Type.Optional(Type.String()),
        }),
        { description: 'One entry per offending input.' },
      ),
    ),
  },
  {
    description:
      'RFC 9457 problem details. message repeats detail for clients that read only status and message.',
  },
)

export type Problem = Static<typeof Problem>
