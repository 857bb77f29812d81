/** One function per call of docs/reference/api.md. */
import { request, url, type Query } from './http'
import type {
  Approval,
  AssetBody,
  Attachment,
  Backtest,
  CallDetail,
  CallSummary,
  Catalogue,
  Change,
  Comment,
  CustomerCard,
  CustomerChange,
  CustomerPatch,
  CustomerRecord,
  Delivery,
  FieldContent,
  FieldName,
  FiledAsset,
  FormDocument,
  MaintenancePlan,
  NewCustomer,
  NewRepair,
  Notices,
  NotifyRules,
  NotifyTable,
  NotifyVersion,
  Order,
  OrderClock,
  OrderLine,
  OrderPatch,
  OrderWarranty,
  Page,
  PastRepair,
  Peaks,
  Person,
  Preview,
  Priority,
  Repair,
  Reply,
  Report,
  Role,
  SearchAnswer,
  Session,
  Speaker,
  Task,
  Template,
  Tongue,
  Unsent,
  WarrantyVerdict,
  Wording,
} from './types'

export interface CallQuery {
  cursor?: string | null
  limit?: number
  number?: string
  customer_id?: string
  from?: string | null
  to?: string | null
}

export interface NewOrder {
  call_id?: string
  customer_id?: string
  fields?: Partial<Record<FieldName, FieldContent>>
}

export interface OrderQuery {
  cursor?: string | null
  limit?: number
  status?: string
  handler?: string
  customer_id?: string
  q?: string
}

export interface DeliveryQuery {
  cursor?: string | null
  limit?: number
  state?: string
  channel?: string
}

const id = encodeURIComponent
const MOST_PAGES = 20

/** A list that people want whole, page after page; one that is longer than anybody reads ends there. */
async function everything<T>(path: string, filter: Query = {}): Promise<T[]> {
  const found: T[] = []
  let cursor: string | null = null
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const next: Page<T> = await request<Page<T>>('GET', path, { query: { ...filter, limit: 200, cursor } })
    found.push(...next.items)
    cursor = next.next_cursor
    if (cursor === null) break
  }
  return found
}

export const api = {
  login: (body: { username: string; password: string } | { login_token: string }) =>
    request<Session>('POST', '/api/session', { body, quiet401: true }),
  session: () => request<Session>('GET', '/api/session', { quiet401: true }),
  /** Like `session`, but a login that is over leads to the login page. */
  checkSession: () => request<Session>('GET', '/api/session'),
  logout: () => request<undefined>('DELETE', '/api/session', { quiet401: true }),

  calls: (query: CallQuery, signal?: AbortSignal) => request<Page<CallSummary>>('GET', '/api/calls', { query: { ...query }, signal }),
  call: (callId: string) => request<CallDetail>('GET', `/api/calls/${id(callId)}`),
  setCaller: (callId: string, customerId: string, idempotencyKey: string) =>
    request<{ customer: CustomerCard; orders: Order[] }>('POST', `/api/calls/${id(callId)}/customer`, { body: { customer_id: customerId }, idempotencyKey }),
  peaks: (callId: string) => request<Peaks>('GET', `/api/calls/${id(callId)}/peaks`),
  recordingUrl: (callId: string) => `/api/calls/${id(callId)}/recording`,
  clipUrl: (callId: string, startMs: number, endMs: number, channel: Speaker | 'both') =>
    url(`/api/calls/${id(callId)}/audio`, { start_ms: startMs, end_ms: endMs, channel }),

  customers: (query: { phone?: string; q?: string; limit?: number }) =>
    request<Page<CustomerCard>>('GET', '/api/customers', { query: { ...query } }),
  createCustomer: (body: NewCustomer, idempotencyKey: string) =>
    request<CustomerCard>('POST', '/api/customers', { body, idempotencyKey }),

  search: (q: string, signal: AbortSignal) => request<SearchAnswer>('GET', '/api/search', { query: { q }, signal }),
  customer: (customerId: string) => request<CustomerRecord>('GET', `/api/customers/${id(customerId)}`),
  editCustomer: (customer: CustomerRecord, body: CustomerPatch) =>
    request<CustomerRecord>('PATCH', `/api/customers/${id(customer.customer_id)}`, { version: customer.edit_version, body }),
  customerChanges: (customerId: string) => everything<CustomerChange>(`/api/customers/${id(customerId)}/changes`),
  plansOf: (customerId: string) => request<Pick<Page<MaintenancePlan>, 'items'>>('GET', `/api/customers/${id(customerId)}/maintenance-plans`),
  assetsOf: (customerId: string) => everything<FiledAsset>('/api/assets', { customer_id: customerId }),
  addAsset: (customerId: string, body: Partial<AssetBody>, idempotencyKey: string) =>
    request<FiledAsset>('POST', `/api/customers/${id(customerId)}/assets`, { body, idempotencyKey }),
  editAsset: (asset: FiledAsset, body: Partial<AssetBody>) => request<FiledAsset>('PATCH', `/api/assets/${id(asset.asset_id)}`, { version: asset.edit_version, body }),
  warrantyOf: (assetId: string) => request<WarrantyVerdict>('GET', `/api/assets/${id(assetId)}/warranty`),

  order: (orderId: string) => request<Order>('GET', `/api/work-orders/${id(orderId)}`),
  newOrder: (body: NewOrder, idempotencyKey: string) => request<Order>('POST', '/api/work-orders', { body, idempotencyKey }),
  patchOrder: (orderId: string, version: number, body: OrderPatch) =>
    request<Order>('PATCH', `/api/work-orders/${id(orderId)}`, { version, body }),
  createOrder: (orderId: string, version: number) =>
    request<Order>('POST', `/api/work-orders/${id(orderId)}/create`, { version, body: {} }),
  cancelOrder: (orderId: string, version: number, reason: string) =>
    request<Order>('POST', `/api/work-orders/${id(orderId)}/cancel`, { version, body: { reason } }),

  orders: (query: OrderQuery, signal?: AbortSignal) => request<Page<OrderLine>>('GET', '/api/order-lines', { query: { ...query }, signal }),
  move: (order: Order, body: { action: string; reason?: string; confirmation?: string; eta?: string }) =>
    request<Order>('POST', `/api/work-orders/${id(order.order_id)}/moves`, { version: order.edit_version, body }),
  setPriority: (order: Order, priority: Priority) =>
    request<Order>('PUT', `/api/work-orders/${id(order.order_id)}/priority`, { version: order.edit_version, body: { priority } }),
  setParent: (order: Pick<Order, 'order_id' | 'edit_version'>, parentId: string | null) =>
    request<Order>('PUT', `/api/work-orders/${id(order.order_id)}/parent`, { version: order.edit_version, body: { parent_id: parentId } }),
  setCustomer: (order: Order, customerId: string) =>
    request<Order>('PUT', `/api/work-orders/${id(order.order_id)}/customer`, { version: order.edit_version, body: { customer_id: customerId } }),
  setAsset: (order: Order, assetId: string | null) =>
    request<Order>('POST', `/api/work-orders/${id(order.order_id)}/asset`, { version: order.edit_version, body: { asset_id: assetId } }),
  orderWarranty: (orderId: string) => request<OrderWarranty>('GET', `/api/work-orders/${id(orderId)}/warranty`),
  clock: (orderId: string) => request<OrderClock>('GET', `/api/work-orders/${id(orderId)}/sla`),
  backtest: () => request<Backtest>('GET', '/api/reports/outlook'),
  reportsOf: (orderId: string) => request<Page<Report>>('GET', `/api/work-orders/${id(orderId)}/reports`),
  payloadUrl: (reportId: string) => `/api/reports/${id(reportId)}/payload`,
  separate: (reportId: string) => request<{ order: Order }>('POST', `/api/reports/${id(reportId)}/separate`, { body: {} }),
  handOver: (order: Order, body: { user_id: string | null; team: string | null }) =>
    request<Order>('PUT', `/api/work-orders/${id(order.order_id)}/handler`, { version: order.edit_version, body }),
  chase: (order: Order, targetId: string) =>
    request<Order>('POST', `/api/work-orders/${id(order.order_id)}/chase`, { version: order.edit_version, body: { target_id: targetId } }),
  changes: (orderId: string) => everything<Change>(`/api/work-orders/${id(orderId)}/changes`),
  comments: (orderId: string) => everything<Comment>(`/api/work-orders/${id(orderId)}/comments`),
  parts: (orderId: string) => everything<Order>(`/api/work-orders/${id(orderId)}/parts`),
  addComment: (orderId: string, text: string) => request<Comment>('POST', `/api/work-orders/${id(orderId)}/comments`, { body: { text } }),
  replies: (orderId: string) => request<Page<Reply>>('GET', `/api/work-orders/${id(orderId)}/replies`),
  attachments: (orderId: string) => request<Page<Attachment>>('GET', `/api/work-orders/${id(orderId)}/attachments`),
  attach: (orderId: string, file: File) =>
    request<Attachment>('POST', `/api/work-orders/${id(orderId)}/attachments`, { query: { filename: file.name }, file }),
  attachmentUrl: (attachmentId: string) => `/api/attachments/${id(attachmentId)}`,
  removeFile: (attachmentId: string) => request<undefined>('DELETE', `/api/attachments/${id(attachmentId)}`),
  tasks: (orderId: string) => request<Page<Task>>('GET', `/api/work-orders/${id(orderId)}/tasks`),
  addTask: (orderId: string, body: { title: string; assignee?: string; blocks?: string }) => request<Task>('POST', `/api/work-orders/${id(orderId)}/tasks`, { body }),
  setTask: (taskId: string, done: boolean) => request<Task>('POST', `/api/tasks/${id(taskId)}/state`, { body: { done } }),
  repairs: (orderId: string) => request<Page<Repair>>('GET', `/api/work-orders/${id(orderId)}/repairs`),
  recordRepair: (orderId: string, body: NewRepair) => request<Repair>('POST', `/api/work-orders/${id(orderId)}/repairs`, { body }),
  repairsAt: (customerId: string) => everything<PastRepair>('/api/repairs', { customer_id: customerId }),
  approvals: (orderId: string) => request<Page<Approval>>('GET', '/api/approvals', { query: { order_id: orderId } }),
  askApproval: (orderId: string, subject: string, reason: string) =>
    request<Approval>('POST', `/api/work-orders/${id(orderId)}/approvals`, { body: { subject, reason } }),
  decide: (approvalId: string, approve: boolean, comment: string) =>
    request<Approval>('POST', `/api/approvals/${id(approvalId)}/decision`, { body: { approve, ...(comment ? { comment } : {}) } }),
  deliveries: (orderId: string) => request<Page<Delivery>>('GET', `/api/work-orders/${id(orderId)}/deliveries`),
  messageRules: () => request<NotifyRules>('GET', '/api/notify'),
  messageVersions: (cursor: string | null) => request<Page<NotifyVersion>>('GET', '/api/notify/versions', { query: { cursor } }),
  setMessageRules: (version: number, table: NotifyTable) => request<NotifyRules>('PUT', '/api/notify', { body: { version, table } }),
  previewMessage: (wording: Wording, language: Tongue, orderId: string | null) =>
    request<Preview>('POST', '/api/notify/preview', { body: { wording, language, order_id: orderId } }),
  tryMessage: (lane: string, to: string, wording: Wording) => request<{ reference: string | null }>('POST', '/api/notify/test', { body: { lane, to, ...wording } }),
  sentMessages: (query: DeliveryQuery) => request<Page<Delivery>>('GET', '/api/deliveries', { query: { ...query } }),
  unsentMessages: () => request<Unsent>('GET', '/api/deliveries/unsent'),
  sendAgain: (deliveryId: string) => request<Delivery>('POST', `/api/deliveries/${id(deliveryId)}/replay`, { body: {} }),
  notices: () => request<Notices>('GET', '/api/notices'),
  readNotices: (ids: readonly string[] | null) => request<Notices>('POST', '/api/notices/read', { body: ids ? { ids } : {} }),
  approvalRule: (orderId: string, subject: string, reason: string) =>
    request<{ rule: { label: string; label_en: string; roles: Role[] } | null }>('GET', `/api/work-orders/${id(orderId)}/approval-rule`, { query: { subject, reason } }),
  people: () => request<Page<Person>>('GET', '/api/people'),

  template: (serviceType: string, version?: number) => request<Template>('GET', `/api/templates/${id(serviceType)}`, { query: { version } }),
  setTemplate: (serviceType: string, version: number, form: Omit<FormDocument, 'service_type' | 'version'>) =>
    request<Template>('PUT', `/api/templates/${id(serviceType)}`, { version, body: form }),

  catalogue: () => request<Catalogue>('GET', '/api/catalogue'),
}
