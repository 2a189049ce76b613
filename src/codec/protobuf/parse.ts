/**
 * Reads .proto files and descriptors. protobufjs parses, and resolves names; nothing of it is met by a record. It is loaded
 * by who has a Protobuf schema alone.
 */
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import descriptorFile from 'protobufjs/google/protobuf/descriptor.json' with { type: 'json' }
import { BUILT_IN } from './built-in.ts'
import type { MessageFile, NestedMessage } from './message.ts'
import { Messages } from './reflected.ts'

/** The text of an imported file; undefined: there is none. */
export type FindImport = (path: string) => string | undefined

/** Deeper in one another than files are: they import themselves. */
const MOST_FILES = 10_000

/** Of a .proto file's text, or of a FileDescriptorProto in base64, which some registries have. Throws where it is neither. */
export function parseSchema(text: string, find: FindImport): MessageFile {
  if (/[{;]/.test(text)) return parseProto(text, find)
  const main = Buffer.from(text, 'base64')
  const files = new Map<string, Buffer>()
  gather(main, find, files)
  const set = { file: [...[...files.values()].map(decodeFile), decodeFile(main)] }
  return fileOf(protobuf.Root.fromDescriptor(set, { keepCase: true }), set.file)
}

/** Of a FileDescriptorSet: the messages of its last file, which comes after all that it imports. Throws where it is none. */
export function parseDescriptorSet(bytes: Buffer): MessageFile {
  const decoded: unknown = descriptor.FileDescriptorSet.decode(bytes)
  const { file } = decoded as descriptor.IFileDescriptorSet
  if (file.length === 0) throw new Error('there is no file in it')
  return fileOf(protobuf.Root.fromDescriptor({ file }, { keepCase: true }), file)
}

const decodeFile = (bytes: Buffer): descriptor.IFileDescriptorProto =>
  descriptor.FileDescriptorProto.decode(bytes) as unknown as descriptor.IFileDescriptorProto

/** The imports of a descriptor, those that others import first. */
function gather(bytes: Buffer, find: FindImport, files: Map<string, Buffer>): void {
  for (const path of (decodeFile(bytes).dependency ?? []) as string[]) {
    if (files.has(path)) continue
    const text = find(path)
    const found = text === undefined ? builtInDescriptor(path) : Buffer.from(text, 'base64')
    if (found === undefined) throw missingImport(path)
    files.set(path, found)
    gather(found, find, files)
  }
}

function builtInDescriptor(path: string): Buffer | undefined {
  const root = new protobuf.Root()
  if (!addBuiltIn(root, path)) return undefined
  root.resolveAll()
  const set = root.toDescriptor('proto3') as unknown as descriptor.IFileDescriptorSet
  return Buffer.from(
    descriptor.FileDescriptorProto.encode(set.file?.at(-1) as protobuf.Message).finish(),
  )
}

function fileOf(
  root: protobuf.Root,
  files: readonly descriptor.IFileDescriptorProto[],
): MessageFile {
  const { package: name = '', messageType = [] } = files.at(-1)!
  const space = name === '' ? root : root.lookup(name)
  const types = messageType.map((type) => (space as protobuf.Namespace).lookupType(type.name!))
  return messagesOf(types)
}

function parseProto(text: string, find: FindImport): MessageFile {
  const root = new protobuf.Root()
  const done = new Set<string>()
  const name = '(the schema)'
  const parsed = parseFile(root, name, text, find, done)
  root.resolveAll()
  const space = parsed.package === undefined ? root : root.lookup(parsed.package)
  const types = (space as protobuf.Namespace).nestedArray.filter(
    (one): one is protobuf.Type => one instanceof protobuf.Type && one.filename === name,
  )
  return messagesOf(types)
}

function parseFile(
  root: protobuf.Root,
  name: string,
  text: string,
  find: FindImport,
  done: Set<string>,
): protobuf.IParserResult {
  // Which protobufjs' types do not have.
  ;(protobuf.parse as { filename?: string }).filename = name
  const parsed = protobuf.parse(text, root, { keepCase: true })
  const { imports = [], weakImports = [] } = parsed
  for (const path of [...imports, ...weakImports]) {
    if (done.has(path)) continue
    if (done.size > MOST_FILES) throw new Error('it imports too many files')
    done.add(path)
    const found = find(path)
    if (found !== undefined) parseFile(root, path, found, find, done)
    else if (!addBuiltIn(root, path)) throw missingImport(path)
  }
  return parsed
}

function addBuiltIn(root: protobuf.Root, path: string): boolean {
  const known = protobuf.common.get(path)
  if (known?.nested) root.addJSON(known.nested)
  else if (path === 'google/protobuf/descriptor.proto') {
    root.addJSON((descriptorFile as protobuf.INamespace).nested!)
  } else if (path in BUILT_IN) {
    parseFile(root, path, BUILT_IN[path], () => undefined, new Set())
  } else return false
  return true
}

const missingImport = (path: string): Error => new Error(`it imports ${path}, which is not there`)

function messagesOf(types: readonly protobuf.Type[]): MessageFile {
  const messages = new Messages()
  const nest = (type: protobuf.Type): NestedMessage => ({
    message: messages.of(type),
    nested: type.nestedArray.filter((one) => one instanceof protobuf.Type).map(nest),
  })
  const file = { messages: types.map(nest) }
  if (file.messages.length === 0) throw new Error('there is no message in it')
  return file
}
