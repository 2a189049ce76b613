/** Quoted where YAML would read something else than text. */
export const scalar = (text: string): string =>
  /^[A-Za-z_./][\w./-]*$/.test(text) && !/^(null|true|false|\.(nan|inf))$/i.test(text)
    ? text
    : JSON.stringify(text)
