import { QueryClient } from '@tanstack/react-query'
import { ConnectionError } from './api-error.ts'

/** Asks again only where no answer came: what the service refused it would refuse again. */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => error instanceof ConnectionError && count < 2,
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      // A browser without a network still reaches a service on the machine itself; and where it reaches none, that is told.
      networkMode: 'always',
      refetchOnReconnect: true,
    },
  },
})
