/** Requests to our own server: cookie session, CSRF header, idempotent POSTs, problem+json errors. */
import type { FieldProblem, Problem } from './types'

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | null
  readonly fix: string | null
  readonly errors: FieldProblem[]

  constructor(problem: Partial<Problem> & { status: number }) {
    super(problem.detail || problem.title || `HTTP ${problem.status}`)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code ?? 'unknown'
    this.field = problem.field ?? null
    this.fix = problem.fix ?? null
    this.errors = problem.errors ?? []
  }
}

/** The server could not be reached at all (no answer, cable, restart). */
export class OfflineError extends Error {
  override name = 'OfflineError'
}

let csrfToken = ''
let onUnauthorised: () => void = () => undefined

export function setCsrfToken(token: string): void {
  csrfToken = token
}

/** Called on any 401 outside the login itself. */
export function setUnauthorisedHandler(handler: () => void): void {
  onUnauthorised = handler
}

export type Query = Record<string, string | number | null | undefined>

export function url(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') search.set(key, String(value))
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

interface Options {
  query?: Query
  body?: unknown
  /** A file to send as it is. */
  file?: Blob
  /** `edit_version` the change is based on; sent as If-Match. */
  version?: number
  idempotencyKey?: string
  signal?: AbortSignal
  quiet401?: boolean
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options)
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  if (response.status === 401 && !options.quiet401) onUnauthorised()
  throw new ApiError({ ...(await problemOf(response)), status: response.status })
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  try {
    return await fetch(url(path, options.query), {
      method,
      headers: headersFor(method, options),
      body: options.file ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      credentials: 'same-origin',
      signal: options.signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new OfflineError(String(error), { cause: error })
  }
}

function headersFor(method: string, options: Options): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.file) headers['Content-Type'] = 'application/octet-stream'
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`
  if (method === 'GET') return headers
  if (csrfToken) headers['X-CSRF-Token'] = csrfToken
  if (method === 'POST') headers['Idempotency-Key'] = options.idempotencyKey ?? newKey()
  return headers
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  const text = await response.text()
  try {
    return JSON.parse(text) as Partial<Problem>
  } catch {
    return { title: response.statusText, detail: text.slice(0, 200) }
  }
}

/** Random key; crypto.randomUUID exists only on secure origins, and a desk may run on plain http in a LAN. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
