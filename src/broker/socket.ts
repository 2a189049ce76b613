/**
 * The sockets that kafkajs's connections use. Bytes are read into one buffer that is used again, and
 * each answer is handed on whole: kafkajs would keep every 64 KiB chunk and copy them all together.
 */
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { acquireBuffer } from './buffer-pool.ts'
import { hostOf } from './seed.ts'

const KEEP_ALIVE_MS = 60_000
const READ_BYTES = 256 * 1024
const POOLED_BYTES = 64 * 1024
/** Every answer begins with its length. */
const LENGTH_BYTES = 4

export interface SocketOptions {
  readonly host: string
  readonly port: number
  readonly ssl: object | null
  readonly onConnect: () => void
}

/** kafkajs's socket factory. */
export function createSocket({ host: name, port, ssl, onConnect }: SocketOptions): Socket {
  const host = hostOf(name)
  const socket = ssl ? tlsSocket(host, port, ssl, onConnect) : tcpSocket(host, port, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  // During an outage kafkajs lets go of a socket many times, which adds a listener each time; Node would warn of it.
  socket.setMaxListeners(0)
  return socket
}

/** TLS decrypts into buffers of its own; there is nothing to be saved. */
function tlsSocket(host: string, port: number, ssl: object, onConnect: () => void): Socket {
  const servername = isIP(host) ? {} : { servername: host }
  return connectTls({ host, port, ...servername, ...ssl }, onConnect)
}

function tcpSocket(host: string, port: number, onConnect: () => void): Socket {
  const frames = new Frames((frame) => socket.emit('data', frame))
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback(bytes, chunk) {
      frames.add(chunk as Buffer, bytes)
      return true
    },
  }
  const socket: Socket = connect({ host, port, onread, noDelay: true }, onConnect)
  return socket
}

/** Cuts a stream of length-prefixed frames; each is copied once, into a buffer of its own. */
class Frames {
  readonly #onFrame: (frame: Buffer) => void
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  #frame: Buffer | undefined
  #filled = 0

  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** Takes `bytes` of the chunk, which may be overwritten afterwards. */
  add(chunk: Buffer, bytes: number): void {
    for (let at = 0; at < bytes; ) {
      if (this.#frame === undefined) {
        this.#length[this.#filled++] = chunk[at++]
        if (this.#filled === LENGTH_BYTES) this.#begin()
      } else {
        const part = Math.min(this.#frame.length - this.#filled, bytes - at)
        chunk.copy(this.#frame, this.#filled, at, at + part)
        this.#filled += part
        at += part
      }
      if (this.#frame !== undefined && this.#filled === this.#frame.length) this.#end(this.#frame)
    }
  }

  #begin(): void {
    const bytes = LENGTH_BYTES + Math.max(0, this.#length.readInt32BE(0))
    // Small answers are many, and nobody gives them back.
    this.#frame =
      bytes < POOLED_BYTES ? Buffer.allocUnsafeSlow(bytes) : acquireBuffer(bytes).subarray(0, bytes)
    this.#length.copy(this.#frame)
  }

  #end(frame: Buffer): void {
    this.#frame = undefined
    this.#filled = 0
    this.#onFrame(frame)
  }
}
