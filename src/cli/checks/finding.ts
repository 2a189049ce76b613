export type Mark = 'ok' | 'warn' | 'fail'

/** What one check has found out, and what to do about it. */
export interface Finding {
  readonly mark: Mark
  /** What was checked, in a word or two. */
  readonly what: string
  readonly detail: string
  readonly remedy: string | null
}

export const ok = (what: string, detail: string): Finding => ({
  mark: 'ok',
  what,
  detail,
  remedy: null,
})

export const warn = (what: string, detail: string, remedy: string): Finding => ({
  mark: 'warn',
  what,
  detail,
  remedy,
})

export const fail = (what: string, detail: string, remedy: string): Finding => ({
  mark: 'fail',
  what,
  detail,
  remedy,
})
