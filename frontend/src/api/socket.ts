/**
 * The agent socket: connects, keeps the server's clock, notices silence and gaps, and comes back by itself.
 *
 * Every connection starts with a snapshot, so nothing is replayed: after a loss the page simply gets a new snapshot.
 */
import type { ClientFrame, ServerFrame } from './types'

export type LinkState = 'connecting' | 'open' | 'lost'

export interface SocketEvents {
  frame(frame: ServerFrame): void
  link(state: LinkState): void
  /** The server would not have us: the login may be over. */
  refused(): void
}

/** Close code of the server for "this login is over". */
const SESSION_OVER = 4401
const PING_EVERY_MS = 10_000
const SILENT_AFTER_MS = 25_000
const RETRY_MS = [300, 600, 1_200, 2_500, 5_000]

/** Milliseconds since the epoch of a server time, however it is written. */
export function serverMs(time: string | number): number {
  return typeof time === 'number' ? time : Date.parse(time)
}

/** The clock difference to the server, taken from the quickest ping of the last few (least network in it). */
export class ClockOffset {
  private samples: { rtt: number; offset: number }[] = []

  add(sentMs: number, receivedMs: number, server: number): void {
    this.samples = [...this.samples.slice(-7), { rtt: receivedMs - sentMs, offset: server - (sentMs + receivedMs) / 2 }]
  }

  get ms(): number {
    return this.samples.reduce((best, sample) => (sample.rtt < best.rtt ? sample : best), { rtt: Infinity, offset: 0 }).offset
  }
}

export class AgentSocket {
  readonly offset = new ClockOffset()
  private socket: WebSocket | null = null
  private timers: number[] = []
  private attempt = 0
  private lastSeq = 0
  private lastHeard = 0
  private stopped = false

  constructor(private readonly events: SocketEvents) {}

  start(): void {
    this.stopped = false
    window.addEventListener('online', this.reconnectNow)
    this.connect()
  }

  stop(): void {
    this.stopped = true
    window.removeEventListener('online', this.reconnectNow)
    this.clearTimers()
    this.socket?.close(1000)
    this.socket = null
  }

  /** False when the link is down; the caller decides whether that matters. */
  send(frame: ClientFrame): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  private readonly reconnectNow = (): void => {
    if (this.socket?.readyState === WebSocket.OPEN) return
    this.attempt = 0
    this.connect()
  }

  private connect(): void {
    this.clearTimers()
    this.drop()
    this.events.link(this.attempt === 0 ? 'connecting' : 'lost')
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${location.host}/api/agent/socket`)
    this.socket = socket
    this.lastSeq = 0
    this.lastHeard = Date.now()
    socket.onmessage = (message: MessageEvent<string>) => this.receive(JSON.parse(message.data) as ServerFrame)
    socket.onclose = ({ code }) => {
      if (code === SESSION_OVER || this.lastSeq === 0) this.events.refused()
      this.lost()
    }
    this.timers.push(window.setInterval(() => this.beat(), PING_EVERY_MS))
  }

  private receive(frame: ServerFrame): void {
    this.lastHeard = Date.now()
    const gap = this.lastSeq > 0 && frame.seq > this.lastSeq + 1
    this.lastSeq = frame.seq
    if (gap) return this.lost()
    if (frame.type === 'pong') return this.offset.add(frame.t, Date.now(), serverMs(frame.server_time))
    if (frame.type === 'snapshot') this.opened()
    this.events.frame(frame)
  }

  private opened(): void {
    this.attempt = 0
    this.events.link('open')
    this.ping()
  }

  private ping(): void {
    this.send({ type: 'ping', t: Date.now() })
  }

  private beat(): void {
    if (Date.now() - this.lastHeard > SILENT_AFTER_MS) this.lost()
    else this.ping()
  }

  private lost(): void {
    this.clearTimers()
    this.drop()
    if (this.stopped) return
    this.events.link('lost')
    const wait = RETRY_MS[Math.min(this.attempt, RETRY_MS.length - 1)] ?? 5_000
    this.attempt += 1
    // Jitter, so that a whole floor of desks does not come back in the same instant.
    this.timers.push(window.setTimeout(() => this.connect(), wait * (0.7 + Math.random() * 0.6)))
  }

  private drop(): void {
    const old = this.socket
    this.socket = null
    if (!old) return
    old.onclose = null
    old.onmessage = null
    old.close()
  }

  private clearTimers(): void {
    for (const timer of this.timers) window.clearTimeout(timer)
    this.timers = []
  }
}
