import type { Command } from 'commander'

export const registerDoctor = (_program: Command): void => {}
