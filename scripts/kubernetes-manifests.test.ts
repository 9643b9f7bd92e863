/** The manifests of docs/operate/kubernetes, held against the service, the image and each other. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Setting, settings } from '@latchkey/server/settings'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

const ROOT = join(import.meta.dirname, '..')
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const files = globSync('docs/operate/kubernetes/*.yaml', { cwd: ROOT }).sort()
const paths = Object.keys(JSON.parse(textOf('openapi.json')).paths)
const image = textOf('Dockerfile')
const known: readonly Setting<unknown>[] = Object.values(settings)

type Probe = {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly failureThreshold: number
}
type Variable = { readonly name: string; readonly value?: unknown; readonly valueFrom?: object }
type Container = {
  readonly image: string
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env: readonly Variable[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly securityContext: object
} & Record<'startupProbe' | 'readinessProbe' | 'livenessProbe', Probe>
type Labels = Readonly<Record<string, string>>
type Resource = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas?: number
    readonly selector: { readonly matchLabels?: Labels }
    readonly ports?: readonly { readonly targetPort: string }[]
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
    readonly template?: {
      readonly metadata: { readonly labels: Labels }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: object
        readonly containers: readonly [Container]
        readonly volumes?: readonly { readonly name: string; readonly secret?: Secret }[]
      }
    }
  }
}
type Secret = {
  readonly items: readonly { readonly path: string }[]
  readonly defaultMode: number
}

function read(file: string) {
  const documents = parseAllDocuments(textOf(file), { version: '1.1' })
  expect(documents.flatMap(({ errors }) => errors)).toEqual([])
  const resources: readonly Resource[] = documents.map((document) => document.toJS())
  const workload = resources.find(({ spec }) => spec.template !== undefined)
  const service = resources.find(({ kind }) => kind === 'Service')
  if (workload?.spec.template === undefined || service === undefined)
    throw new Error(`${file} has no workload or no service`)
  const { template } = workload.spec
  const [container] = template.spec.containers
  return { workload, service, template, container, env: new Map(container.env.map((it) => [it.name, it])) }
}

it('there are two', () => {
  expect(files.map((file) => file.split('/').at(-1))).toEqual(['postgresql.yaml', 'sqlite.yaml'])
})

describe.each(files)('%s', (file) => {
  const { workload, service, template, container, env } = read(file)
  const settingOf = (name: string) => String(env.get(name)?.value)

  it('sets what is a setting, to what the service takes', () => {
    for (const { name, value, valueFrom } of container.env) {
      const setting = known.find((one) => one.name === name)
      expect({ name, isKnown: setting !== undefined }).toEqual({ name, isKnown: true })
      // Kubernetes takes texts only: a number without quotes is refused by it.
      expect({ name, type: valueFrom === undefined ? typeof value : 'string' }).toEqual({
        name,
        type: 'string',
      })
      if (valueFrom === undefined) expect(() => setting?.parse(String(value))).not.toThrow()
    }
  })

  it('listens where the probes, the service and the image say', () => {
    expect(settingOf('HOST')).toBe('0.0.0.0')
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(settingOf('PORT')) }])
    expect(service.spec.ports?.map(({ targetPort }) => targetPort)).toEqual(['http'])
    expect(image).toContain(`EXPOSE ${settingOf('PORT')}\n`)
  })

  it.each([
    ['startupProbe', '/healthz'],
    // Of one server, what can be done while it is not ready is better than nothing.
    ['readinessProbe', workload.spec.replicas === 1 ? '/healthz' : '/readyz'],
    ['livenessProbe', '/healthz'],
  ] as const)('%s asks %s, which there is', (name, path) => {
    expect(container[name].httpGet).toEqual({ path, port: 'http' })
    expect(paths).toContain(path)
  })

  it('drains longer than the probe needs to notice, and is killed 20 seconds later than that', () => {
    const drain = Number(settingOf('LATCHKEY_DRAIN_SECONDS'))
    const { periodSeconds, failureThreshold } = container.readinessProbe
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 20)
    // One server has nobody who could take over.
    if (workload.spec.replicas === 1) expect(drain).toBe(0)
    else expect(drain).toBeGreaterThan(periodSeconds * failureThreshold)
  })

  it('is found by its service, and by itself', () => {
    expect(template.metadata.labels).toEqual({ app: 'latchkey' })
    expect(service.spec.selector).toEqual(template.metadata.labels)
    expect(workload.spec.selector.matchLabels).toEqual(template.metadata.labels)
  })

  it('runs with no rights, as whatever user, on a root that is read-only', () => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 10001,
      fsGroup: 10001,
    })
  })

  it('mounts a volume where the image writes, and what it mounts is there', () => {
    const volumes = [
      ...(template.spec.volumes ?? []).map(({ name }) => name),
      ...(workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
    ]
    expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(volumes.sort())
    const written = /^VOLUME (\S+)$/m.exec(image)?.[1]
    expect(container.volumeMounts.find(({ name }) => name === 'data')?.mountPath).toBe(written)
  })

  it('has the server secret where the setting says, and readable by its group only', () => {
    const place = env.get('LATCHKEY_SECRET_FILE')?.value
    const mount = container.volumeMounts.find(({ name }) => name === 'secret')
    const secret = template.spec.volumes?.find(({ name }) => name === 'secret')?.secret
    expect(place).toBe(mount === undefined ? undefined : `${mount.mountPath}/${secret?.items[0]?.path}`)
    if (secret !== undefined) expect(secret.defaultMode.toString(8)).toBe('440')
    expect(env.has('DATABASE_URL')).toBe(place !== undefined)
  })

  it('names the release of this source', () => {
    const { version } = JSON.parse(textOf('package.json'))
    expect(container.image).toMatch(new RegExp(`^registry\\.example\\.com/latchkey:${version}$`))
  })
})
