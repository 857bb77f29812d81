/** Work orders: whole, as a line of a list, and what can be done with them. */
import type { FieldContent, FieldName, Fields, OwnField } from '@/api/types/fields'
import type { IsoTime } from '@/api/types/wire'

export const ORDER_STATUSES = [
  'draft', 'created', 'dispatched', 'accepted', 'departed', 'arrived', 'working', 'waiting_parts', 'rescheduled', 'escalated',
  'completed', 'reopened', 'confirmed', 'followed_up', 'cancelled',
] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]
export type Priority = 'normal' | 'high' | 'critical'

export interface Alert {
  kind: string
  display: string
}

/** Something to ask the caller, ticked off once it is known. */
export interface Question {
  field: FieldName
  required: boolean
  answered: boolean
}

export interface Order {
  order_id: string
  number: string | null
  status: OrderStatus
  edit_version: number
  call_id: string | null
  customer_id: string | null
  sequence: number
  created_at: IsoTime
  saved_at: IsoTime | null
  created_by: string | null
  fields: Fields
  missing: FieldName[]
  questions: Question[]
  own_fields: OwnField[]
  /** How to ask, by field, where the form says so. */
  guidance: Record<FieldName, string>
  summary: string
  alerts: Alert[]
  suggested_priority: string | null
  suggested_tier: string | null
  priority: Priority
  parent_id: string | null
  confirmation: string | null
  channel: string
  chase_ups: number
  handler: string | null
  team: string | null
  moves: Move[]
  asset_id?: string | null
  /** When the technician who departed is expected. */
  eta?: IsoTime | null
  /** Null for a draft. */
  sla?: Sla | null
}

/** An order in a list; `contact` is the number in its one form. */
export interface OrderLine {
  order_id: string
  number: string | null
  status: OrderStatus
  edit_version: number
  call_id: string | null
  customer_id: string | null
  created_at: IsoTime
  service_type: string | null
  appliance: string | null
  brand: string | null
  fault: string | null
  customer_name: string | null
  contact: string | null
  chase_ups: number
  handler: string | null
  priority: Priority
  suggested_tier: string | null
  sla: Sla | null
}

/** How an order stands against its service level; `resolve_by` is null while the clock stands. */
export interface Sla {
  tier: string
  respond_by: IsoTime | null
  resolve_by: IsoTime | null
  responded_at: IsoTime | null
  resolved_at: IsoTime | null
  paused: 'customer' | 'parts' | null
  left_s: number
  breached: ('respond' | 'resolve')[]
}

/** A step the status allows now; `needs`: reason, confirmation, approval and what the server checks by itself. */
export interface Move {
  action: string
  target: OrderStatus
  label: string
  label_en: string
  needs: string[]
}

export interface OrderPatch {
  fields: Partial<Record<FieldName, FieldContent>>
  accept?: FieldName[]
}
