/** The transcript as the page shows it: turns, runs of marked words, and what is being said at a moment. */
import type { Evidence, FieldName, Order, Segment } from '@/api/types'
import { FIELD_NAMES } from '@/api/types'

export interface Mark {
  start: number
  end: number
  field: FieldName
  order_id: string
}

export interface Run {
  text: string
  mark: Mark | null
}

/** Evidence of all orders, by segment: the words that became fields. */
export function marksOf(orders: readonly Order[]): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>()
  for (const order of orders) {
    for (const field of FIELD_NAMES) {
      for (const evidence of order.fields[field]?.evidence ?? []) {
        const mark: Mark = { start: evidence.start_char, end: evidence.end_char, field, order_id: order.order_id }
        marks.set(evidence.segment_id, [...(marks.get(evidence.segment_id) ?? []), mark])
      }
    }
  }
  return marks
}

/** Text cut into runs; where marks overlap the one that starts first keeps its place, the rest gets what is left. */
export function runsOf(text: string, marks: readonly Mark[]): Run[] {
  const runs: Run[] = []
  let at = 0
  for (const mark of [...marks].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const start = Math.max(mark.start, at)
    const end = Math.min(mark.end, text.length)
    if (end <= start) continue
    if (start > at) runs.push({ text: text.slice(at, start), mark: null })
    runs.push({ text: text.slice(start, end), mark })
    at = end
  }
  if (at < text.length) runs.push({ text: text.slice(at), mark: null })
  return runs
}

const CLIP_LEAD_MS = 250
const CLIP_TAIL_MS = 350
const CLIP_LIMIT_MS = 60_000

/** The seconds to play for a piece of evidence, with a breath before and after; null when it was never audio. */
export function clipOf(evidence: Evidence, segment: Segment | undefined): { start_ms: number; end_ms: number } | null {
  const start = evidence.start_ms ?? segment?.start_ms
  const end = evidence.end_ms ?? segment?.end_ms
  if (start === undefined || end === undefined || start === null || end === null) return null
  const from = Math.max(0, Math.round(start - CLIP_LEAD_MS))
  return { start_ms: from, end_ms: Math.min(Math.round(end + CLIP_TAIL_MS), from + CLIP_LIMIT_MS) }
}

/** Index of the segment being spoken at a moment: the last one begun, -1 before the first. */
export function segmentAt(segments: readonly Segment[], ms: number): number {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((segments[middle] as Segment).start_ms <= ms) low = middle + 1
    else high = middle
  }
  return low - 1
}
