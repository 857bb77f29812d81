/** Messages: the rules, what was sent, what the application tells a user. */
import type { IsoTime } from '@/api/types/wire'

export type Tongue = 'zh' | 'en'
export type Audience = 'customer' | 'handler' | 'mentioned' | 'asked_by' | 'supervisors' | 'address'
export type MessageChannel = 'sms' | 'email' | 'wechat' | 'miniprogram' | 'webhook' | 'in_app'

/** A message in one language; `{number}` and the other variables are filled in. */
export interface Wording {
  subject: string
  text: string
}

/** On `event` (if every attribute of `when` has one of the values) tell `audience` by `channel`. */
export interface MessageRule {
  name: string
  event: string
  when: Record<string, string[]>
  audience: Audience
  channel: MessageChannel
  template: string
  to: string | null
  language: Tongue | null
  critical: boolean
  dedupe_min: number
  enabled: boolean
}

export interface NotifyTable {
  templates: Record<string, Partial<Record<Tongue, Wording>>>
  rules: MessageRule[]
  quiet_hours: Partial<Record<Audience, string>>
}

/** The rules in force (version 0: built in) and the ways out that are set up: `sms`, `email`, `webhook:<name>`. */
export interface NotifyRules {
  version: number
  at: IsoTime | null
  by: string | null
  table: NotifyTable
  lanes: string[]
}

/** Rules as somebody put them in force; nobody saved version 0, which is built in. */
export type NotifyVersion = Omit<NotifyRules, 'lanes'>

export interface WordingFault {
  field: 'subject' | 'text'
  line: number
  code: 'unknown_variable' | 'braces'
  name: string | null
  message: string
}

/** A message as it would leave; lines with a problem stay as they were typed. */
export interface Preview extends Wording {
  problems: WordingFault[]
}

/** Messages that nobody got yet; `dead` were given up. */
export type Unsent = Record<'queued' | 'sending' | 'failed' | 'dead', number>

/** A message and what became of it. */
export interface Delivery {
  delivery_id: string
  order_id: string | null
  event_type: string
  rule: string
  audience: string
  channel: MessageChannel
  recipient: string
  subject: string
  text: string
  state: 'queued' | 'sending' | 'failed' | 'delivered' | 'dead'
  attempts: number
  created_at: IsoTime
  due_at: IsoTime
  delivered_at: IsoTime | null
  last_error: string | null
}

/** Something the application tells this user. */
export interface Notice {
  notice_id: string
  at: IsoTime
  order_id: string | null
  event_type: string
  subject: string
  text: string
  read_at: IsoTime | null
}

export interface Notices {
  items: Notice[]
  unread: number
}
