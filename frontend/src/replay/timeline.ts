/** Everything that happened in a call, on the one time line of its recording. */
import type { CallDetail, FieldName } from '@/api/types'
import { FIELD_NAMES } from '@/api/types'

export type MarkerKind = 'field' | 'edit' | 'event'

export interface Marker {
  id: string
  kind: MarkerKind
  at_ms: number
  /** Name of the field, or of the kind of event. */
  field: FieldName | string | null
  text: string
  order_id: string | null
  segment_id: string | null
}

/** One marker per field at its first evidence. */
export function fieldMarkers(call: CallDetail): Marker[] {
  const start = new Map(call.segments.map((segment) => [segment.segment_id, segment.start_ms]))
  return call.orders.flatMap((order) =>
    FIELD_NAMES.flatMap((name) => {
      const field = order.fields[name]
      const first = field?.evidence[0]
      const at = first && (first.start_ms ?? start.get(first.segment_id))
      if (!field || !first || at === undefined || at === null) return []
      return [{ id: `${order.order_id}/${name}`, kind: 'field' as const, at_ms: at, field: name, text: field.display, order_id: order.order_id, segment_id: first.segment_id }]
    }),
  )
}

export function editMarkers(call: CallDetail): Marker[] {
  return call.edits.flatMap((edit, index) =>
    edit.offset_ms === null ? [] : [{ id: `edit-${index}`, kind: 'edit' as const, at_ms: edit.offset_ms, field: edit.field, text: edit.by, order_id: edit.order_id, segment_id: null }],
  )
}

export function eventMarkers(call: CallDetail): Marker[] {
  return call.events.flatMap((event, index) =>
    event.offset_ms === null ? [] : [{ id: `event-${index}`, kind: 'event' as const, at_ms: event.offset_ms, field: event.type, text: event.text, order_id: null, segment_id: null }],
  )
}

export interface Placed<T> {
  item: T
  /** Share of the line, 0..1; what lies before or after the recording sits at its edge. */
  left: number
  row: number
}

/**
 * Rows for labels that would lie on each other: each goes to the first row with room, at most `rows`; when all are
 * full the last row takes it (a click still finds it, the list beside names it).
 */
export function placeLabels<T extends { at_ms: number }>(items: readonly T[], durationMs: number, widthPx: number, labelPx: (item: T) => number, rows: number): Placed<T>[] {
  const ends = new Array<number>(rows).fill(-Infinity)
  return [...items]
    .sort((a, b) => a.at_ms - b.at_ms)
    .map((item) => {
      const left = Math.min(1, Math.max(0, item.at_ms / Math.max(1, durationMs)))
      const size = labelPx(item)
      const x = Math.min(left * widthPx, Math.max(0, widthPx - size))
      const free = ends.findIndex((end) => end <= x)
      const row = free < 0 ? rows - 1 : free
      ends[row] = x + size
      return { item, left: widthPx ? x / widthPx : left, row }
    })
}
