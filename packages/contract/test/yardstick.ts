import { isDeepStrictEqual } from 'node:util'
import { dereference, type Json, objectAt } from './json.ts'
import { refusals } from './schema-breadth.ts'

/**
 * Where `ours` does not keep what `seed` fixes; empty when all that is valid there is valid here:
 *
 * - Requests: every request the seed allows, we allow. Our schemas are as wide or wider, no bound is tighter,
 *   no default differs, and nothing is required that the seed does not require.
 * - Answers: every answer we give is one the seed allows. Our schemas are as narrow or narrower, every field
 *   of the seed is there under its name, and they come first, in the seed's order.
 * - Paths, methods, operation ids, success codes, headers, media types, security schemes and scopes are all
 *   there under their names. What we have besides is our own affair.
 */
export function deviations(seedDocument: Json, ourDocument: Json): string[] {
  const [seed, ours] = [dereference(seedDocument), dereference(ourDocument)]
  const found = Object.entries(objectAt(seed.paths)).flatMap(([path, item]) =>
    METHODS.filter((method) => method in objectAt(item)).flatMap((method) =>
      operationDeviations(
        withPathParameters(seed, path, method),
        withPathParameters(ours, path, method),
        `${method} ${path}`,
      ),
    ),
  )
  return [...found, ...schemeDeviations(seed, ours), ...nameDeviations(seed, ours)]
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** Parameters of a path are those of each of its operations. */
function withPathParameters(document: Json, path: string, method: string): Json {
  const item = objectAt(document, 'paths', path)
  const operation = objectAt(item[method])
  return { ...operation, parameters: [...listOf(item.parameters), ...listOf(operation.parameters)] }
}

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : [])

function operationDeviations(seed: Json, ours: Json, at: string): string[] {
  if (ours.operationId === undefined) return [`${at}: is missing`]
  const credentials = listOf(seed.security).filter(
    (one) => !listOf(ours.security).some((it) => isDeepStrictEqual(it, one)),
  )
  return [
    ...(ours.operationId === seed.operationId ? [] : [`${at}: operationId is ${ours.operationId}`]),
    ...(isDeepStrictEqual(ours.tags, seed.tags) ? [] : [`${at}: tags differ`]),
    ...credentials.map((one) => `${at}: security ${Object.keys(one).join()} is missing`),
    ...parameterDeviations(seed, ours, at),
    ...bodyDeviations(objectAt(seed.requestBody), objectAt(ours.requestBody), at),
    ...answerDeviations(objectAt(seed.responses), objectAt(ours.responses), at),
  ]
}

function parameterDeviations(seed: Json, ours: Json, at: string): string[] {
  const find = (list: unknown, { name, in: place }: Json): Json | undefined =>
    listOf(list).find((one) => one.name === name && one.in === place)
  const kept = listOf(seed.parameters).flatMap((parameter) => {
    const place = `${at} ${parameter.in} ${parameter.name}`
    const own = find(ours.parameters, parameter)
    if (own === undefined) return [`${place}: is missing`]
    const [seedSchema, ourSchema] = [objectAt(parameter.schema), objectAt(own.schema)]
    return [
      ...(own.required && !parameter.required ? [`${place}: is required`] : []),
      ...(ourSchema.default === seedSchema.default ? [] : [`${place}: default is ${ourSchema.default}`]),
      ...refusals(ourSchema, seedSchema, place),
    ]
  })
  const added = listOf(ours.parameters).filter(
    (one) => one.required && find(seed.parameters, one) === undefined,
  )
  return [...kept, ...added.map((one) => `${at} ${one.in} ${one.name}: is required`)]
}

function bodyDeviations(seed: Json, ours: Json, at: string): string[] {
  const needless = ours.required && !seed.required ? [`${at} body: is required`] : []
  const types = Object.entries(objectAt(seed.content)).flatMap(([type, media]) => {
    const own = objectAt(ours.content)[type]
    if (own === undefined) return [`${at} body: ${type} is missing`]
    const [accepting, offered] = [objectAt(own, 'schema'), objectAt(media, 'schema')]
    return [...nameless(offered, accepting, `${at} body`), ...refusals(accepting, offered, `${at} body`)]
  })
  return [...needless, ...types]
}

function answerDeviations(seed: Json, ours: Json, at: string): string[] {
  const isSuccess = (status: string): boolean => status.startsWith('2')
  const added = Object.keys(ours).filter((status) => isSuccess(status) && !(status in seed))
  const kept = Object.entries(seed).flatMap(([status, response]) => {
    const place = `${at} ${status}`
    if (!(status in ours)) return [`${place}: is missing`]
    const [expected, own] = [objectAt(response), objectAt(ours[status])]
    return [...headerDeviations(expected, own, place), ...contentDeviations(expected, own, place)]
  })
  return [...added.map((status) => `${at} ${status}: is not in the seed`), ...kept]
}

function headerDeviations(seed: Json, ours: Json, at: string): string[] {
  return Object.entries(objectAt(seed.headers)).flatMap(([name, header]) => {
    const own = objectAt(ours.headers)[name]
    if (own === undefined) return [`${at} header ${name}: is missing`]
    return refusals(objectAt(header, 'schema'), objectAt(own, 'schema'), `${at} header ${name}`)
  })
}

function contentDeviations(seed: Json, ours: Json, at: string): string[] {
  const added = Object.keys(objectAt(ours.content)).filter((type) => !(type in objectAt(seed.content)))
  const kept = Object.entries(objectAt(seed.content)).flatMap(([type, media]) => {
    const own = objectAt(ours.content)[type]
    if (own === undefined) return [`${at}: ${type} is missing`]
    const [accepting, offered] = [objectAt(media, 'schema'), objectAt(own, 'schema')]
    return [...refusals(accepting, offered, at), ...disorder(accepting, offered, at)]
  })
  return [...added.map((type) => `${at}: ${type} is not in the seed`), ...kept]
}

/** Fields of the seed's request that ours does not name, even if it would let them pass. */
function nameless(seed: Json, ours: Json, at: string): string[] {
  const known = objectAt(ours.properties)
  return Object.keys(objectAt(seed.properties))
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => `${at}/${name}: is missing`)
}

/** Objects whose fields do not begin with the seed's, in its order. */
function disorder(seed: Json, ours: Json, at: string): string[] {
  const names = Object.keys(objectAt(seed.properties))
  const first = Object.keys(objectAt(ours.properties)).slice(0, names.length)
  const inside = names.flatMap((name) =>
    disorder(objectAt(seed, 'properties', name), objectAt(ours, 'properties', name), `${at}/${name}`),
  )
  const items =
    seed.items === undefined ? [] : disorder(objectAt(seed.items), objectAt(ours.items), `${at}/*`)
  const own = isDeepStrictEqual(first, names) ? [] : [`${at}: order is ${first.join(', ')}`]
  return [...own, ...inside, ...items]
}

function schemeDeviations(seed: Json, ours: Json): string[] {
  const own = objectAt(ours, 'components', 'securitySchemes')
  return Object.entries(objectAt(seed, 'components', 'securitySchemes')).flatMap(([name, scheme]) =>
    name in own
      ? lacking(scheme, own[name], `security scheme ${name}`)
      : [`security scheme ${name}: is missing`],
  )
}

/** What of `seed` is not in `ours`, field by field; texts for people may differ, scopes and fields be more. */
function lacking(seed: unknown, ours: unknown, at: string): string[] {
  if (typeof seed !== 'object' || seed === null) return seed === ours ? [] : [`${at}: is ${ours}`]
  return Object.entries(seed).flatMap(([name, value]) => {
    if (name === 'description') return []
    if (!(name in objectAt(ours))) return [`${at} ${name}: is missing`]
    return at.endsWith('scopes') ? [] : lacking(value, objectAt(ours)[name], `${at} ${name}`)
  })
}

/** Generated clients name their types after these. */
function nameDeviations(seed: Json, ours: Json): string[] {
  const own = objectAt(ours, 'components', 'schemas')
  return Object.keys(objectAt(seed, 'components', 'schemas'))
    .filter((name) => !(name in own))
    .map((name) => `schema ${name}: is missing`)
}
