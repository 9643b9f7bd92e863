/** Of the release, everywhere: the packages, the command, the OpenAPI document. */
export const VERSION = '0.1.0'
