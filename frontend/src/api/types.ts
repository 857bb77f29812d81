/** The shapes of docs/reference/api.md, written by hand: what the server sends and takes. */

export type IsoTime = string
export type Speaker = 'caller' | 'agent'
export const SPEAKERS: readonly Speaker[] = ['caller', 'agent']

export type Role = 'agent' | 'supervisor' | 'admin'

export interface User {
  user_id: string
  username: string
  display_name: string
  roles: Role[]
  permissions: string[]
  interface: string | null
}

export interface Session {
  user: User
  csrf_token: string
}

export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail?: string | null
  field?: string | null
  fix?: string | null
  errors?: FieldProblem[] | null
}

export interface FieldProblem {
  field: string
  code: string
  message: string
}

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

// ---- customers -------------------------------------------------------------------------------------------------------

export const LEVELS = ['normal', 'member', 'vip', 'business'] as const
export type Level = (typeof LEVELS)[number]
export type Warranty = 'in' | 'extended' | 'out' | 'unknown'
export type WarrantyBasis = 'law' | 'maker' | 'stated' | 'contract'
export const ORDER_STATUSES = [
  'draft', 'created', 'dispatched', 'accepted', 'departed', 'arrived', 'working', 'waiting_parts', 'rescheduled', 'escalated',
  'completed', 'reopened', 'confirmed', 'followed_up', 'cancelled',
] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]
export type Priority = 'normal' | 'high' | 'critical'

export interface Phone {
  raw: string
  e164: string | null
  label: string | null
}

/** A phone of a customer's record; `display` is the number as people write it. */
export interface FiledPhone extends Phone {
  display: string
}

export interface AddressParts {
  province?: string | null
  city?: string | null
  district?: string | null
  detail?: string | null
}

export interface Address extends AddressParts {
  address_id: string
  display: string
}

export interface Asset {
  asset_id: string
  appliance: string
  brand: string | null
  model: string | null
  serial: string | null
  purchased_on: string | null
  warranty_until: string | null
  warranty: Warranty
  warranty_basis: WarrantyBasis | null
}

/** An appliance with everything on file about it; days are YYYY-MM-DD. */
export interface FiledAsset extends Asset {
  edit_version: number
  customer_id: string
  installed_on: string | null
  replaced_on: string | null
  invoice_no: string
  stated_until: string | null
  retired_on: string | null
  notes: string
}

/** Why a warranty stands as it does; `citation` names the article or paper. */
export interface WarrantyReason {
  code: string
  text: string
  text_en: string
  citation: string
  citation_en: string
}

export interface WarrantyVerdict {
  on: string
  part: string | null
  state: Warranty
  until: string | null
  basis: WarrantyBasis | null
  remedies: ('return' | 'exchange' | 'repair')[]
  reasons: WarrantyReason[]
}

export interface Contract {
  contract_id: string
  number: string
  customer_id: string
  asset_id: string | null
  kind: 'extended' | 'maintenance'
  starts_on: string
  ends_on: string
  covers_repair: boolean
  visits_included: number
  notes: string
  edit_version: number
}

export interface MaintenancePlan {
  plan_id: string
  asset_id: string | null
  title: string
  interval_months: number
  first_on: string
  ends_on: string | null
  next_on: string | null
  active: boolean
  stopped_because: 'by_hand' | 'visits_used_up' | 'asset_retired' | 'customer_gone' | null
  notes: string
  visits: { due_on: string; order_id: string | null; at: IsoTime }[]
}

export interface OrderBrief {
  order_id: string
  number: string | null
  status: OrderStatus
  service_type: string | null
  appliance: string | null
  brand: string | null
  fault: string | null
  created_at: IsoTime
  appointment: Appointment | null
}

export interface CustomerCard {
  customer_id: string
  name: string
  level: Level
  phones: Phone[]
  addresses: Address[]
  assets: Asset[]
  open_orders: OrderBrief[]
  past_orders: OrderBrief[]
  order_count: number
}

export interface CustomerRecord extends CustomerCard {
  edit_version: number
  notes: string
  openid: string | null
  miniprogram_openid: string | null
  created_at: IsoTime
  updated_at: IsoTime | null
  merged_into: string | null
  erased_at: IsoTime | null
  phones: FiledPhone[]
  addresses: (Address & { label: string | null })[]
  contracts: Contract[]
}

/** What the page changes of a record; an empty openid takes it off. */
export interface CustomerPatch {
  level: Level
  notes: string
  openid: string
  miniprogram_openid: string
}

export interface CustomerChange {
  customer_id: string
  at: IsoTime
  by: string
  field: string
  before: unknown
  after: unknown
  reason: string | null
}

// ---- search ----------------------------------------------------------------------------------------------------------

export interface CustomerHit {
  customer_id: string
  name: string
  level: Level
  phone: string | null
  about: string
  why: 'phone' | 'serial' | 'model' | 'name' | 'pinyin' | 'text'
}

/** A run of text; `hit`: it is what was searched for. */
export interface Piece {
  text: string
  hit: boolean
}

export interface OrderHit {
  order_id: string
  number: string | null
  status: OrderStatus
  customer_id: string | null
  customer_name: string | null
  service_type: string | null
  appliance: string | null
  brand: string | null
  fault: string | null
  created_at: IsoTime
  snippet: Piece[]
}

export interface SearchAnswer {
  customers: CustomerHit[]
  orders: OrderHit[]
  calls: CallSummary[]
}

export interface NewCustomer {
  name: string
  phone: string
  address?: AddressParts
  level?: Level
}

// ---- work orders -----------------------------------------------------------------------------------------------------

export const FIELD_NAMES = [
  'service_type',
  'customer_name',
  'contact_phone',
  'appliance',
  'brand',
  'model',
  'fault',
  'error_code',
  'description',
  'onset',
  'intermittent',
  'address',
  'appointment',
  'purchase_date',
  'in_warranty_claim',
  'safety',
  'urgency',
  'prior_ticket',
  'sentiment_complaint',
] as const
/** One of FIELD_NAMES, or a field of the call centre's own that the order's form has. */
export type FieldName = string

/** A field that only the order's form has. */
export interface OwnField {
  name: FieldName
  kind: 'text' | 'choice' | 'flag'
  label: string
  label_en: string
  max_length: number
  choices: Record<string, string> | null
}

export interface Appointment {
  start: string | null
  end: string | null
}

export type FieldContent = string | boolean | AddressParts | Appointment | null
export type FieldSource = 'heard' | 'agent' | 'customer'
export type FieldState = 'heard' | 'confirmed' | 'inferred' | 'conflicting' | 'withdrawn' | 'edited' | 'accepted'

export interface Evidence {
  segment_id: string
  start_char: number
  end_char: number
  start_ms: number | null
  end_ms: number | null
}

export interface Field {
  value: FieldContent
  display: string
  source: FieldSource
  confidence: number | null
  state: FieldState
  rule: string | null
  evidence: Evidence[]
}

export type Fields = Partial<Record<FieldName, Field>>

export interface Alert {
  kind: string
  display: string
}

/** What is asked for a service type, as a version. */
export interface FormDocument {
  service_type: string
  version: number
  questions: { field: FieldName; required: boolean; guidance: string }[]
  fields: OwnField[]
  replies: { name: string; text: string }[]
  steps: { title: string; blocks: string | null }[]
}

export interface Template {
  service_type: string
  label: string
  edit_version: number
  at: IsoTime | null
  by: string | null
  form: FormDocument
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

/** A step the status allows now; `needs`: reason, confirmation, approval and what the server checks by itself. */
export interface Move {
  action: string
  target: OrderStatus
  label: string
  label_en: string
  needs: string[]
}

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

export interface Person {
  user_id: string
  username: string
  display_name: string
  roles: string[]
}

export interface Reply {
  name: string
  text: string
}

export interface OrderPatch {
  fields: Partial<Record<FieldName, FieldContent>>
  accept?: FieldName[]
}

export interface Option {
  value: string
  label: string
}

export interface Catalogue {
  service_types: Option[]
  appliances: string[]
  brands: string[]
  faults: Record<string, string[]>
  /** Names in English of appliances, brands and faults. */
  english: Record<string, string>
  required: Record<string, FieldName[]>
}

// ---- calls -----------------------------------------------------------------------------------------------------------

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

// ---- agent socket ----------------------------------------------------------------------------------------------------

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
