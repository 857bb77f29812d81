/** The wallboard's shapes of docs/reference/api.md. */
import type { AgentState, IsoTime } from '@/api/types'

export type WallCallState = 'arriving' | 'waiting' | 'dialling' | 'ringing' | 'talking' | 'away'

export interface WallCall {
  call_id: string
  state: WallCallState
  direction: string
  number: string | null
  queue: string | null
  arrived_at: IsoTime
  answered_at: IsoTime | null
  since: IsoTime
  /** In a queue since then, whether a device rings or not. */
  queued_at: IsoTime | null
  interfaces: string[]
}

export interface WallAgent {
  interface: string
  display_name: string | null
  state: AgentState
  since: IsoTime
  reason: string | null
  call_id: string | null
}

export interface Quantiles {
  count: number
  p50_ms: number | null
  p95_ms: number | null
}

export interface Gap {
  since: IsoTime
  until: IsoTime
  calls_reconstructed: number
  calls_ended_unseen: number
}

export interface Wallboard {
  at: IsoTime
  day: string
  calls: WallCall[]
  agents: WallAgent[]
  today: {
    offered: number
    answered: number
    abandoned: number
    missed: number
    wait_avg_s: number | null
    service_level: number | null
    service_level_s: number
  }
  pbx: { connected: boolean; since: IsoTime; reason: string }
  gaps: Gap[]
  pops: { sent: Quantiles; painted: Quantiles }
  transcripts: { live: number; complete: number; failed: number; none: number }
  orders: { running: number; due_soon: number; late: number; paused: number }
}

export type WallFrame = { seq: number; type: 'wallboard' } & Wallboard
