import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { MissingPartError } from './api/api-error.ts'
import { basePath } from './api/base.ts'
import { readKeyFilters } from './api/key-filters.ts'
import { queryText, type RequestOptions } from './api/request.ts'
import { KeysPage } from './features/keys/keys-page.tsx'
import { Frame } from './frame.tsx'
import { NothingHere, WentWrong } from './ui/nothing-here.tsx'

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NothingHere,
  errorComponent: ({ error }) => <WentWrong error={error} />,
})

const texts =
  (...names: readonly string[]) =>
  (search: Record<string, unknown>): Record<string, string | undefined> =>
    Object.fromEntries(
      names.flatMap((name) => (search[name] === undefined ? [] : [[name, String(search[name])]])),
    )

/**
 * A page that is loaded when it is wanted. Where that fails it says so: the router alone would load everything anew,
 * and while the service is away that leaves nobody a console.
 */
function lazily<Module extends Record<string, unknown>, Name extends keyof Module>(
  load: () => Promise<Module>,
  name: Name,
) {
  return lazyRouteComponent(() => load().catch(() => Promise.reject(new MissingPartError())), name)
}

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: '/keys', replace: true })
    },
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/keys',
    component: KeysPage,
    validateSearch: readKeyFilters,
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/keys/$keyId',
    component: lazily(() => import('./features/keys/key-page.tsx'), 'KeyPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/why',
    validateSearch: texts('key', 'address', 'permission'),
    component: lazily(() => import('./features/explain/why-page.tsx'), 'WhyPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/users',
    validateSearch: texts('after', 'before', 'search'),
    component: lazily(() => import('./features/users/users-page.tsx'), 'UsersPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/companies',
    validateSearch: texts('after', 'before', 'search'),
    component: lazily(() => import('./features/companies/companies-page.tsx'), 'CompaniesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: texts('after', 'before', 'action', 'actor', 'object'),
    component: lazily(() => import('./features/audit/audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/usage',
    validateSearch: texts('days'),
    component: lazily(() => import('./features/usage/usage-page.tsx'), 'UsagePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazily(() => import('./features/settings/settings-page.tsx'), 'SettingsPage'),
  }),
]

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: `${basePath}/console`,
  defaultPreload: 'intent',
  scrollRestoration: false,
  // As people write addresses: the router's own way takes 1e5 for a number, and puts quotes around 90.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => queryText(search as RequestOptions['query']),
  defaultErrorComponent: ({ error }) => <WentWrong error={error} />,
})
