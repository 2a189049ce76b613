/** The API's reference at `/docs`: the OpenAPI document as a page. */
import type { FastifyInstance } from 'fastify'
import { documentPage, escaped, sendDocument } from './document-page.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses?: Readonly<Record<string, { description: string; content?: Content }>>
}

/** As much of an OpenAPI document as ours has. */
export interface OpenApi {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const TAGS = {
  state: 'State',
  stores: 'Stores',
  health: 'Probes and metrics',
  admin: 'What can be told to do',
} as const

export function referenceOf({ paths = {} }: OpenApi): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const sections = Object.entries(TAGS).map(([tag, title]) => {
    const some = all.filter(({ operation }) => tagged(operation, tag))
    const links = some.map(({ path, method, operation: { operationId, summary = '' } }) => {
      const name = `${method.toUpperCase()} ${path}`
      return `<li><a href="#${operationId}"><code>${escaped(name)}</code></a> ${escaped(summary)}</li>`
    })
    const parts = some.map(({ path, method, operation }) => operationOf(path, method, operation))
    return { title, links, parts }
  })
  const present = sections.filter(({ parts }) => parts.length > 0)
  return [
    '<h1>API reference</h1>',
    '<p>Of this instance; as a document for machines: <a href="/openapi.json">/openapi.json</a>. <a href="/">Status page</a></p>',
    '<p>Whatever is refused is answered with <code>{"error": "what is wrong, and what to do"}</code>. A token goes in the header <code>Authorization: Bearer</code>.</p>',
    '<nav>',
    ...present.flatMap(({ title, links }) => [
      `<p><strong>${title}</strong></p>`,
      `<ul>${links.join('\n')}</ul>`,
    ]),
    '</nav>',
    ...present.flatMap(({ title, parts }) => [`<h2>${title}</h2>`, ...parts]),
  ].join('\n')
}

function operationOf(path: string, method: string, operation: Operation): string {
  const { operationId = '', summary = '', description, security, parameters = [] } = operation
  const { requestBody, responses = {} } = operation
  return [
    `<h3 id="${operationId}"><code>${method.toUpperCase()} ${escaped(path)}</code></h3>`,
    `<p>${escaped(sentence(summary))} ${escaped(description ?? '')}${security === undefined ? '' : ' <strong>Wants the token.</strong>'}</p>`,
    parameters.length === 0 ? '' : `<dl>${parameters.map(parameterOf).join('\n')}</dl>`,
    requestBody === undefined ? '' : `<p>Body:</p>${schemaOf(requestBody.content)}`,
    ...Object.entries(responses).map(([status, { description: what, content }]) => {
      // All errors have one form, which is said above.
      const form =
        Number(status) < 400 || tagged(operation, 'health') ? schemaOf(content ?? {}) : ''
      return `<p><code>${status}</code> ${escaped(what)}</p>${form}`
    }),
  ].join('\n')
}

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`)

const tagged = ({ tags = [] }: Operation, tag: string): boolean => tags.includes(tag)

function parameterOf({ name, in: place, required, description, schema }: Parameter): string {
  const where = `${place}, ${schema === undefined ? 'string' : typeOf(schema)}${required ? '' : ', optional'}`
  return `<dt><code>${escaped(name)}</code> (${escaped(where)})</dt><dd>${escaped(description ?? '')}</dd>`
}

/** Only where it says more than that it is an object. */
function schemaOf(content: Content): string {
  const { schema } = Object.values(content)[0] ?? {}
  if (schema?.properties === undefined) return ''
  return `<pre>${escaped(lineOf('', schema, ''))}</pre>`
}

function typeOf({ type = 'any', enum: values, items }: Schema): string {
  if (values !== undefined) return values.join(' | ')
  const types = [type].flat().join(' or ')
  return items === undefined || types !== 'array' ? types : `array of ${typeOf(items)}`
}

/** A property on a line, and those below it indented. */
function lineOf(name: string, schema: Schema, indent: string): string {
  const { description, properties = schema.items?.properties } = schema
  const about = description === undefined ? '' : ` – ${description}`
  const own = name === '' ? [] : [`${indent}${name}: ${typeOf(schema)}${about}`]
  const deeper = name === '' ? indent : `${indent}  `
  const below = Object.entries(properties ?? {}).map(([key, part]) => lineOf(key, part, deeper))
  return [...own, ...below].join('\n')
}

export function referenceRoute(app: FastifyInstance): void {
  let html: string | undefined
  const schema = { operationId: 'getDocs', summary: 'This reference', tags: ['state'] }
  app.get('/docs', { schema }, async (_request, reply) => {
    // Only now all routes are there.
    html ??= documentPage('API reference', referenceOf(app.swagger() as OpenApi))
    return sendDocument(reply, html)
  })
}
