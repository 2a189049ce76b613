/** Where the service of a pipeline file listens, and nothing else of the file: a container's health check asks it every 10 s. */
import { Document, parseDocument } from 'yaml'
import { substitute } from './substitute.ts'

export interface HttpSection {
  readonly port?: unknown
  readonly host?: unknown
}

/** The file's section `http` as it is, with its references replaced. Throws where it cannot be read. */
export function httpSection(text: string, env: NodeJS.ProcessEnv): HttpSection {
  const file = parseDocument(text)
  if (file.errors.length > 0) throw file.errors[0]
  const http = new Document({ http: file.get('http', true) })
  substitute(http, env, (_offset, _path, message) => {
    throw new Error(message)
  })
  return http.toJS().http ?? {}
}
