import { messageOf } from '../errors.ts'

/** Why a file could not be read, to go behind its name. */
export function fileFault(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'does not exist'
    case 'EISDIR':
      return 'is a folder'
    case 'ENOTDIR':
      return 'does not exist: part of its path is a file'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user'
    default:
      return `cannot be read (${messageOf(cause)})`
  }
}
