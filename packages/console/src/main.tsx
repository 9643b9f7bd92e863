import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/query-client.ts'
import { Entrance } from './entrance.tsx'
import { theme } from './ui/theme.ts'

createRoot(document.getElementById('root')!).render(
  <MantineProvider
    theme={theme}
    defaultColorScheme="auto"
    colorSchemeManager={localStorageColorSchemeManager()}
    withCssVariables={false}
    withGlobalClasses={false}
    deduplicateCssVariables={false}
  >
    <QueryClientProvider client={queryClient}>
      <Entrance />
    </QueryClientProvider>
  </MantineProvider>,
)
