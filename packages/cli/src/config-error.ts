/** Expected: printed as one sentence, without a stack. The server has one of its own, and is loaded only when needed. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}
