import { createTheme, type MantineThemeOverride } from '@mantine/core'

/**
 * Only what sets attributes and classes: colours and sizes are variables in mantine-variables.css and console.css, since
 * the policy of the console lets no script write a style sheet.
 */
export const theme: MantineThemeOverride = createTheme({
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        // It would write a style sheet; console.css holds the page still instead.
        lockScroll: false,
        centered: false,
        padding: 'lg',
        transitionProps: { duration: 0 },
      },
    },
    Button: { defaultProps: { size: 'sm' } },
  },
})
