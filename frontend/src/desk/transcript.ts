/** The transcript as the page shows it: turns, runs of marked words, and what is being said at a moment. */
import type { Evidence, FieldName, Order, Segment, Shown } from '@/api/types'
import { FIELD_NAMES } from '@/api/types'

export interface Mark {
  start: number
  end: number
  field: FieldName
  order_id: string
}

export interface Run<M> {
  text: string
  mark: M | null
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
export function runsOf<M extends { start: number; end: number }>(text: string, marks: readonly M[], shown: readonly Shown[] = []): Run<M>[] {
  const runs: Run<M>[] = []
  let at = 0
  const add = (end: number, mark: M | null): void => {
    const shownText = appearance(text, at, end, shown, mark !== null)
    if (shownText) runs.push({ text: shownText, mark })
    at = end
  }
  for (const mark of marks.map((one) => whole(one, shown)).sort((a, b) => a.start - b.start || b.end - a.end)) {
    const start = Math.max(mark.start, at)
    const end = Math.min(mark.end, text.length)
    if (end <= start) continue
    add(start, null)
    add(end, mark)
  }
  add(text.length, null)
  return runs
}

/** A mark on a part of a number takes all of it: half of 202 is nothing anybody said. */
function whole<M extends { start: number; end: number }>(mark: M, shown: readonly Shown[]): M {
  const touched = shown.filter(([start, end]) => start < mark.end && mark.start < end)
  return { ...mark, start: Math.min(mark.start, ...touched.map(([start]) => start)), end: Math.max(mark.end, ...touched.map(([, end]) => end)) }
}

/** How `text.slice(from, to)` is shown. What is inserted at its borders is part of it unless it is marked. */
function appearance(text: string, from: number, to: number, shown: readonly Shown[], marked: boolean): string {
  let result = ''
  let at = from
  for (const [start, end, replacement] of shown) {
    const outside = start < from || end > to
    const atBorder = start === end && (start === from || end === to)
    if (outside || (marked && atBorder)) continue
    result += text.slice(at, start) + replacement
    at = end
  }
  return result + text.slice(at, to)
}

/** What was heard where a name of the catalogue stands that only sounds like it. */
export function heardWords(segment: Segment): { word: string; name: string }[] {
  return segment.names.map(([start, end, name]) => ({ word: segment.text.slice(start, end), name }))
}

/** How the utterance is shown with those words as they were heard. */
export function asHeard(segment: Segment): Shown[] {
  return segment.shown.filter(([start, end]) => !segment.names.some(([from, to]) => from === start && to === end))
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
