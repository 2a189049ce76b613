/** The page's server, with an instance behind it that is as a test says. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Admin } from '../../src/watch/http/admin.ts'
import { createApp, type HttpParts } from '../../src/watch/http/http.ts'
import { admin, parts, views } from '../watch/parts.ts'
import type { State } from './instance.ts'

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** @param state asked for at each request */
export async function serve(
  state: () => State,
  more: Partial<HttpParts> = {},
  operator: Admin = admin(),
): Promise<Served> {
  const app = await createApp(
    parts({
      token: 'secret',
      admin: operator,
      views: {
        ...views,
        status: async () => state().status,
        group: async () => state().group,
        history: () => state().history,
      },
      ...more,
    }),
  )
  // What a state says of access is the page's business here, and not the server's.
  app.addHook('onSend', async ({ url }, _reply, payload) => {
    if (url !== '/v1/status' || !('access' in state().status)) return payload
    return JSON.stringify({ ...JSON.parse(String(payload)), access: state().status.access })
  })
  await app.ready()
  let answered = 0
  const server = createServer((request, response) => {
    if (state().gone && request.url === '/v1/status' && answered++ > 0) request.socket.destroy()
    else app.routing(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await app.close()
    },
  }
}
