/** Calls: transcript, events, recording. */
import type { Order } from '@/api/types/orders'
import type { IsoTime } from '@/api/types/wire'

export type Speaker = 'caller' | 'agent'
export const SPEAKERS: readonly Speaker[] = ['caller', 'agent']

export type Word = [word: string, start_ms: number, end_ms: number, confidence: number]

/** `text.slice(start, end)` of a segment appears as `text`: digits for numerals, punctuation from pauses, names that are meant. */
export type Shown = [start: number, end: number, text: string]

export interface Segment {
  segment_id: string
  speaker: Speaker
  start_ms: number
  end_ms: number
  text: string
  shown: Shown[]
  /** Where a name of the catalogue is meant by what only sounds like it; `shown` has it as well. */
  names: Shown[]
  confidence: number | null
  words: Word[]
}

export type Outcome = 'answered' | 'missed' | 'abandoned' | 'ringing' | 'talking'

export interface CallSummary {
  call_id: string
  direction: string
  number: string | null
  customer_name: string | null
  queue: string | null
  started_at: IsoTime
  answered_at: IsoTime | null
  ended_at: IsoTime | null
  agent: { user_id: string; display_name: string } | null
  interface: string | null
  outcome: Outcome
  duration_s: number | null
  has_recording: boolean
  order_numbers: string[]
}

export interface CallEvent {
  at: IsoTime
  offset_ms: number | null
  type: string
  interface: string | null
  text: string
}

export interface Edit {
  at: IsoTime
  offset_ms: number | null
  by: string
  field: string
  from: unknown
  to: unknown
  order_id: string
}

export interface RecordingInfo {
  duration_ms: number
  sample_rate_hz: number
  format: string
  partial: boolean
}

export interface CallDetail extends CallSummary {
  linkedid: string | null
  segments: Segment[]
  events: CallEvent[]
  orders: Order[]
  edits: Edit[]
  recording: RecordingInfo | null
  transcript_state: 'live' | 'complete' | 'none' | 'waiting' | 'failed'
  gaps: { since: IsoTime; until: IsoTime | null }[]
}

export interface Peaks {
  sample_rate_hz: number
  duration_ms: number
  peaks_per_s: number
  channels: number[][]
}
