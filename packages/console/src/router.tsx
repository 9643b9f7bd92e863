import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { basePath } from './api/base.ts'
import { readKeyFilters } from './features/keys/key-filters.ts'
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
    component: lazyRouteComponent(() => import('./features/keys/key-page.tsx'), 'KeyPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/why',
    validateSearch: texts('key', 'address', 'permission'),
    component: lazyRouteComponent(() => import('./features/explain/why-page.tsx'), 'WhyPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/users',
    validateSearch: texts('after', 'before'),
    component: lazyRouteComponent(() => import('./features/users/users-page.tsx'), 'UsersPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/companies',
    validateSearch: texts('after', 'before'),
    component: lazyRouteComponent(() => import('./features/companies/companies-page.tsx'), 'CompaniesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: texts('after', 'before', 'action', 'actor', 'object'),
    component: lazyRouteComponent(() => import('./features/audit/audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => import('./features/settings/settings-page.tsx'), 'SettingsPage'),
  }),
]

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: `${basePath}/console`,
  defaultPreload: 'intent',
  scrollRestoration: false,
  defaultErrorComponent: ({ error }) => <WentWrong error={error} />,
})
