/** Tells of a fault at a place of the file's text. */
export type Report = (offset: number, path: string, message: string) => void

/** Tells of a fault of what stands under these keys. @param at a place in the text of the value there, which is told with its column then */
export type ReportAt = (path: readonly string[], message: string, at?: number) => void
