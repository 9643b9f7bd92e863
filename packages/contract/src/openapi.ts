export const openApiDocument = (): Record<string, unknown> => ({})
