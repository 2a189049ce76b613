/** Tells of a fault at a place of the file's text. */
export type Report = (offset: number, path: string, message: string) => void

/** Tells of a fault of what stands under these keys. */
export type ReportAt = (path: readonly string[], message: string) => void
