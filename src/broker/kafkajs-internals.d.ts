/** kafkajs's types cover what it exports, not its inner modules; `kafkajs.ts` gives each the shape it is used in. */
declare module 'kafkajs/src/*' {
  // biome-ignore lint/suspicious/noExplicitAny: what it is, is said where it is imported
  const inner: any
  export default inner
}
