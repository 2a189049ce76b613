/** kafkajs's types cover what it exports, not its inner modules; `kafkajs.ts` gives each the shape it is used in. */
declare module 'kafkajs/src/*' {
  const inner: unknown
  export default inner
}
