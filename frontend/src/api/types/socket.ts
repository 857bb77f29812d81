/** The agent socket: live calls and the frames of both sides. */
import type { Segment, Speaker } from '@/api/types/calls'
import type { CustomerCard } from '@/api/types/customers'
import type { Notice } from '@/api/types/messages'
import type { Order } from '@/api/types/orders'
import type { IsoTime } from '@/api/types/wire'

export type AgentState = 'offline' | 'available' | 'ringing' | 'on_call' | 'on_hold' | 'paused'
export type CallState = 'ringing' | 'talking' | 'held' | 'ended'

export type CloseReason =
  | 'ended'
  | 'answered_elsewhere'
  | 'no_answer'
  | 'busy'
  | 'rejected'
  | 'caller_abandoned'
  | 'unreachable'
  | 'transferred'
  /** Put away by its agent, perhaps in another tab. */
  | 'done'

export interface PbxLink {
  connected: boolean
  since: IsoTime | null
}

export interface LiveCall {
  call_id: string
  state: CallState
  direction: string
  number: string | null
  number_display: string
  name: string | null
  queue: string | null
  interface: string
  offered_at: IsoTime
  answered_at: IsoTime | null
  ended_at: IsoTime | null
  pop_sent_at: IsoTime | null
  audio_started_at?: IsoTime | null
  customer: CustomerCard | null
  candidates: CustomerCard[]
  segments: Segment[]
  partials: Partial<Record<Speaker, string>>
  orders: Order[]
  transcript_unavailable: Partial<Record<Speaker, string>>
}

type Frame<T extends string, B = object> = { seq: number; type: T } & B

export type ServerFrame =
  | Frame<'snapshot', { server_time: IsoTime | number; agent_state: AgentState; pbx: PbxLink; calls: LiveCall[] }>
  | Frame<'call.offered', { call: LiveCall }>
  | Frame<'call.updated', { call_id: string; changes: Partial<LiveCall> }>
  | Frame<'call.closed', { call_id: string; reason: CloseReason }>
  | Frame<'transcript.partial', { call_id: string; speaker: Speaker; text: string; start_ms: number }>
  | Frame<'transcript.segment', { call_id: string; segment: Segment }>
  | Frame<'transcript.unavailable', { call_id: string; speaker: Speaker; reason: string }>
  | Frame<'order.updated', { call_id: string; order: Order }>
  | Frame<'order.changed', { order_id: string; event_type: string; at: IsoTime; by: string }>
  | Frame<'agent.state', { state: AgentState }>
  | Frame<'pbx.link', PbxLink>
  | Frame<'notice', Omit<Notice, 'read_at'> & { critical: boolean }>
  | Frame<'pong', { t: number; server_time: IsoTime | number }>

export type ClientFrame =
  | { type: 'ping'; t: number }
  | { type: 'pop.painted'; call_id: string; painted_at: number }
  | { type: 'call.done'; call_id: string }
