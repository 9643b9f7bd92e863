declare module '*.css'

/** A file as it is, as text. */
declare module '*?raw' {
  const text: string
  // biome-ignore lint/style/noDefaultExport: so the bundler has it
  export default text
}
