export const REFERENCE_STYLE = ''
export const renderReferencePage = (_document: unknown): string => ''
export const renderErrorPage = (_kind: unknown): string => ''
export const renderErrorIndex = (_kinds: unknown): string => ''
