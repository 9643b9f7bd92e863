/** The manifests of docs/operate/kubernetes, held against the service, the image and each other. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Setting, settings } from '@latchkey/server/settings'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

const ROOT = join(import.meta.dirname, '..')
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const FOLDER = 'docs/operate/kubernetes'
const RESTORE = `${FOLDER}/restore.yaml`
const files = globSync(`${FOLDER}/*.yaml`, { cwd: ROOT })
  .filter((file) => file !== RESTORE)
  .sort()
const paths = Object.keys(JSON.parse(textOf('openapi.json')).paths)
const image = textOf('Dockerfile')
/** What PostgreSQL gives a statement of it. */
const MIGRATION_SECONDS_MAX = 600
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

function resourcesOf(file: string) {
  const documents = parseAllDocuments(textOf(file), { version: '1.1' })
  expect(documents.flatMap(({ errors }) => errors)).toEqual([])
  return documents.map((document) => document.toJS())
}

function read(file: string) {
  const resources: readonly Resource[] = resourcesOf(file)
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

  it('is not killed while a migration may take', () => {
    const { periodSeconds, failureThreshold } = container.startupProbe
    expect(periodSeconds * failureThreshold).toBeGreaterThan(MIGRATION_SECONDS_MAX)
  })

  it('believes nobody’s header until the operator has said whose', () => {
    expect(settingOf('LATCHKEY_TRUSTED_PROXIES')).toBe('192.0.2.0/28')
    expect(textOf('docs/operate/kubernetes.md')).toContain('where they say `example.com` and `192.0.2.0/28`')
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

it('a pod that restores stands where the one server stood', () => {
  const { workload, template, container } = read(`${FOLDER}/sqlite.yaml`)
  const [pod, ...others] = resourcesOf(RESTORE)
  const [hand, ...otherContainers] = pod.spec.containers
  expect([...others, ...otherContainers]).toEqual([])
  expect(pod.spec.securityContext).toEqual(template.spec.securityContext)
  expect(hand).toMatchObject({
    image: container.image,
    volumeMounts: container.volumeMounts,
    securityContext: container.securityContext,
  })
  expect(container.env).toEqual(expect.arrayContaining(hand.env))
  // As a StatefulSet names it: after its template, itself and the number of the pod.
  const claim = `${workload.spec.volumeClaimTemplates?.[0]?.metadata.name}-${workload.metadata.name}-0`
  expect(pod.spec.volumes).toEqual([{ name: 'data', persistentVolumeClaim: { claimName: claim } }])
})

it('the store on a volume stays its user’s own from one start to the next', () => {
  const { template } = read(`${FOLDER}/sqlite.yaml`)
  expect(template.spec.securityContext).toMatchObject({ fsGroupChangePolicy: 'OnRootMismatch' })
})
