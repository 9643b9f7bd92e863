import type { OpenApiDocument, ParameterObject, SchemaObject } from '../openapi/document.ts'
import { find } from './find.ts'
import { type Html, html } from './html.ts'
import { limitsText, typeText } from './schema-text.ts'

type Field = {
  /** Where it is: `data[].id`, or the name of a parameter. */
  readonly name: string
  readonly note: string
  readonly schema: SchemaObject
  readonly description: string
}

/** The fields of a body, those inside others after them. */
export function bodyTable(document: OpenApiDocument, schema: SchemaObject, caption: string): Html {
  return table(document, fieldsOf(document, schema, ''), caption)
}

/** `isRequiredShown`: whether to say which must be there; in an answer nearly all are. */
export function answerTable(document: OpenApiDocument, schema: SchemaObject, caption: string): Html {
  const fields = fieldsOf(document, schema, '')
  return table(
    document,
    fields.map((field) => ({ ...field, note: '' })),
    caption,
  )
}

export function parameterTable(document: OpenApiDocument, parameters: readonly ParameterObject[]): Html {
  const fields = parameters.map(({ name, in: place, required, schema, description }) => ({
    name,
    note: required ? `${place}, required` : place,
    schema,
    description: description ?? '',
  }))
  return table(document, fields, 'Parameters')
}

function table(document: OpenApiDocument, fields: readonly Field[], caption: string): Html {
  return html`<div class="table"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${fields.map((field) => row(document, field))}</tbody>
</table></div>`
}

function row(document: OpenApiDocument, { name, note, schema, description }: Field): Html {
  const shape = find<SchemaObject>(document, schema)
  const items = shape.items === undefined ? {} : { items: find<SchemaObject>(document, shape.items) }
  const whole = { ...shape, ...items }
  const limits = limitsText(whole)
  return html`<tr>
<th scope="row"><code>${name}</code>${note === '' ? undefined : html`<small>${note}</small>`}</th>
<td><span class="type">${typeText(whole)}</span>${limits === '' ? undefined : html`<small>${limits}</small>`}</td>
<td>${description}</td>
</tr>
`
}

function fieldsOf(document: OpenApiDocument, schema: SchemaObject, prefix: string): Field[] {
  const { properties = {}, required = [] } = find<SchemaObject>(document, schema)
  return Object.entries(properties).flatMap(([name, part]) => {
    const shape = find<SchemaObject>(document, part)
    const field = {
      name: `${prefix}${name}`,
      note: required.includes(name) ? 'required' : '',
      schema: shape,
      description: shape.description ?? '',
    }
    const inside =
      shape.items === undefined
        ? fieldsOf(document, shape, `${prefix}${name}.`)
        : fieldsOf(document, shape.items, `${prefix}${name}[].`)
    return [field, ...inside]
  })
}
