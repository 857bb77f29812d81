/** One function per call of docs/reference/api.md. */
import { request, url } from './http'
import type {
  CallDetail,
  CallSummary,
  Catalogue,
  CustomerCard,
  FieldContent,
  FieldName,
  NewCustomer,
  Order,
  OrderPatch,
  Page,
  Peaks,
  Session,
  Speaker,
} from './types'

export interface CallQuery {
  cursor?: string | null
  limit?: number
  number?: string
  from?: string | null
  to?: string | null
}

export interface NewOrder {
  call_id?: string
  customer_id?: string
  fields?: Partial<Record<FieldName, FieldContent>>
}

const id = encodeURIComponent

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

  order: (orderId: string) => request<Order>('GET', `/api/work-orders/${id(orderId)}`),
  newOrder: (body: NewOrder, idempotencyKey: string) => request<Order>('POST', '/api/work-orders', { body, idempotencyKey }),
  patchOrder: (orderId: string, version: number, body: OrderPatch) =>
    request<Order>('PATCH', `/api/work-orders/${id(orderId)}`, { version, body }),
  createOrder: (orderId: string, version: number) =>
    request<Order>('POST', `/api/work-orders/${id(orderId)}/create`, { version, body: {} }),
  cancelOrder: (orderId: string, version: number, reason: string) =>
    request<Order>('POST', `/api/work-orders/${id(orderId)}/cancel`, { version, body: { reason } }),

  catalogue: () => request<Catalogue>('GET', '/api/catalogue'),
}
