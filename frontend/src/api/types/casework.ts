/** What is kept beside an order: history, comments, files, tasks, repairs, approvals. */
import type { IsoTime } from '@/api/types/wire'

export interface Change {
  order_id: string
  at: IsoTime
  by: string
  field: string
  before: unknown
  after: unknown
  reason: string | null
  change_id: number
  hash: string
}

export interface Comment {
  comment_id: string
  order_id: string
  at: IsoTime
  by: string
  kind: 'comment' | 'chase_up'
  channel: string | null
  text: string
  mentions: string[]
}

export interface Attachment {
  attachment_id: string
  at: IsoTime
  by: string
  size_bytes: number
  media_type: string
  filename: string
}

export interface Task {
  task_id: string
  title: string
  assignee: string | null
  blocks: string | null
  done_at: IsoTime | null
  done_by: string | null
}

/** A part that went in; `code` is its part number, '' where nobody said. */
export interface UsedPart {
  name: string
  quantity: number
  code: string
}

/** What a visit found and did. With `corrected_by` another record stands in for it; `at` is when the visit was put on record first. */
export interface Repair {
  repair_id: string
  order_id: string
  at: IsoTime
  by: string
  finding: string
  action: string
  parts: UsedPart[]
  minutes: number | null
  corrects: string | null
  corrected_by: string | null
}

export type NewRepair = Pick<Repair, 'finding' | 'action' | 'parts' | 'minutes' | 'corrects'>

export interface PastRepair {
  repair: Repair
  number: string | null
  appliance: string | null
  brand: string | null
  asset_id: string | null
}

export interface Approval {
  approval_id: string
  order_id: string
  subject: string
  roles: string[]
  asked_at: IsoTime
  asked_by: string
  reason: string
  amount_minor: number | null
  decision: 'pending' | 'approved' | 'refused'
  decided_at: IsoTime | null
  decided_by: string | null
  comment: string | null
}

/** A report of another channel, and what became of it. */
export interface Report {
  report_id: string
  channel: string
  external_id: string | null
  order_id: string | null
  at: IsoTime
  sender: string | null
  outcome: 'created' | 'draft' | 'chased' | 'repeated'
}
