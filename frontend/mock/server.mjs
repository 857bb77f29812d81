// Development mock: speaks docs/reference/api.md (agent socket included) and replays a demo call. Never shipped.
//
//   npm run mock                       http://127.0.0.1:8091, also serves the built page
//   MOCK_PORT, MOCK_SPEED (1 = real time), MOCK_AUTO=0 (no call by itself)
//   POST /mock/ring?kind=known|second|unknown|hidden|several    another call rings
//   POST /mock/drop    cut every socket     POST /mock/pbx?up=0|1     POST /mock/gas   safety alert     POST /mock/two   second order
import { createServer } from 'node:http'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { clip, durationMs, openWav, peaks } from './audio.mjs'
import { CATALOGUE, CUSTOMERS, HEARD } from './world.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const calls = join(here, '../../callcenter/features/demo/calls')
const site = join(here, '../../callcenter/web/static')
const port = Number(process.env.MOCK_PORT ?? 8091)
const speed = Number(process.env.MOCK_SPEED ?? 1)
const script = JSON.parse(readFileSync(join(calls, 'dev-001.json'), 'utf8'))
const wav = openWav(join(calls, 'dev-001.wav'))
const PEAKS_PER_S = 50

const USERS = {
  agent: { user_id: 'U1', username: 'agent', display_name: '陈晓', roles: ['agent'], permissions: ['desk', 'calls', 'customers', 'orders'], interface: 'PJSIP/1001' },
  supervisor: { user_id: 'U2', username: 'supervisor', display_name: '周敏', roles: ['supervisor'], permissions: ['calls', 'calls.all'], interface: null },
}
const sockets = new Set()
const live = new Map()
const past = []
const state = { agent: 'available', pbx: { connected: true, since: new Date().toISOString() } }
let counter = 0
const now = () => new Date().toISOString()
const nextId = (prefix) => `${prefix}${String((counter += 1)).padStart(6, '0')}`
const wait = (ms) => new Promise((done) => setTimeout(done, ms / speed))

function push(type, body) {
  for (const socket of sockets) socket.send(JSON.stringify({ seq: (socket.seq += 1), type, ...body }))
}

function setAgent(value) {
  state.agent = value
  push('agent.state', { state: value })
}

// ---- orders ----------------------------------------------------------------------------------------------------------

const blank = (value) => value === null || value === undefined || value === '' || (typeof value === 'object' && !Object.values(value).some(Boolean))

function newOrder(call, sequence = 1) {
  const order = {
    order_id: nextId('O'), number: null, status: 'draft', edit_version: 1, call_id: call.call_id, customer_id: call.customer?.customer_id ?? null, sequence,
    created_at: now(), saved_at: null, created_by: null, fields: {}, missing: ['service_type', 'contact_phone'], questions: [], own_fields: [], guidance: {}, summary: '', alerts: [], suggested_priority: 'normal', suggested_tier: null,
    priority: 'normal', parent_id: null, confirmation: null, channel: 'call', chase_ups: 0, handler: null, team: null, moves: [],
  }
  call.orders.push(order)
  return order
}

function refresh(order) {
  const required = CATALOGUE.required[order.fields.service_type?.value] ?? ['service_type', 'contact_phone']
  order.missing = required.filter((name) => blank(order.fields[name]?.value))
  order.questions = required.map((field) => ({ field, required: true, answered: !order.missing.includes(field) }))
  const v = (name) => order.fields[name]?.display ?? ''
  order.summary = ['brand', 'appliance', 'fault', 'description', 'appointment'].map(v).filter(Boolean).join('，')
  push('order.updated', { call_id: order.call_id, order })
}

function hear(order, [turn, name, value, display, confidence, fieldState, words], segments) {
  const touched = order.fields[name]?.source === 'agent' || order.fields[name]?.state === 'accepted'
  if (touched) return
  const segment = segments.find((one) => one.turn === turn)
  const at = segment.text.indexOf(words)
  const share = (chars) => Math.round(segment.start_ms + ((segment.end_ms - segment.start_ms) * chars) / segment.text.length)
  const evidence = { segment_id: segment.segment_id, start_char: at, end_char: at + words.length, start_ms: share(at), end_ms: share(at + words.length) }
  const older = order.fields[name]?.evidence ?? []
  order.fields[name] = { value, display, source: 'heard', confidence, state: fieldState, rule: `mock.${name}`, evidence: [...older, evidence] }
}

const orderById = (id) => [...live.values(), ...past].flatMap((call) => call.orders).find((order) => order.order_id === id)

function edit(order, { fields, accept = [] }, call) {
  for (const [name, value] of Object.entries(fields)) {
    const before = order.fields[name]?.value ?? null
    order.fields[name] = { value, display: typeof value === 'string' ? value : '', source: 'agent', confidence: null, state: 'edited', rule: null, evidence: order.fields[name]?.evidence ?? [] }
    call?.edits.push({ at: now(), offset_ms: call.answered_at ? Date.now() - Date.parse(call.answered_at) : null, by: '陈晓', field: name, from: before, to: value, order_id: order.order_id })
  }
  for (const name of accept) if (order.fields[name]) order.fields[name].state = 'accepted'
  order.edit_version += 1
  refresh(order)
}

// ---- a call ----------------------------------------------------------------------------------------------------------

const KINDS = {
  known: { number: '13800138000', number_display: '138 0013 8000', name: null, customer: CUSTOMERS.known, candidates: [] },
  second: { number: '13777889900', number_display: '137 7788 9900', name: null, customer: CUSTOMERS.second, candidates: [] },
  unknown: { number: '15966667777', number_display: '159 6666 7777', name: null, customer: null, candidates: [] },
  hidden: { number: null, number_display: '', name: null, customer: null, candidates: [] },
  several: { number: '057188886666', number_display: '0571 8888 6666', name: null, customer: null, candidates: [CUSTOMERS.known, CUSTOMERS.second] },
}

async function ring(kind) {
  const call = {
    call_id: nextId('01CALL'), state: 'ringing', direction: 'inbound', ...structuredClone(KINDS[kind]), queue: '售后一队', interface: 'PJSIP/1001', offered_at: now(), answered_at: null,
    ended_at: null, pop_sent_at: now(), segments: [], partials: {}, orders: [], transcript_unavailable: {}, edits: [],
  }
  live.set(call.call_id, call)
  push('call.offered', { call: wire(call) })
  if (state.agent === 'available') setAgent('ringing')
  await wait(Number(process.env.MOCK_RING_MS ?? 6000))
  if (kind === 'second') return close(call, 'no_answer')
  update(call, { state: 'talking', answered_at: now() })
  setAgent('on_call')
  await talk(call)
  update(call, { state: 'ended', ended_at: now() })
  setAgent('available')
}

function update(call, changes) {
  Object.assign(call, changes)
  push('call.updated', { call_id: call.call_id, changes })
}

function close(call, reason) {
  live.delete(call.call_id)
  if (call.answered_at) past.unshift(call)
  push('call.closed', { call_id: call.call_id, reason })
}

const wire = (call) => ({ ...call, edits: undefined })

async function talk(call) {
  let clock = 0
  let order = null
  for (const turn of script.turns) {
    await wait(Math.max(0, turn.start_ms - clock))
    clock = Math.max(clock, turn.start_ms)
    const steps = Math.ceil((turn.end_ms - clock) / 600)
    for (let step = 1; step <= steps; step += 1) {
      await wait(600)
      clock += 600
      const text = turn.text.slice(0, Math.ceil((turn.text.length * step) / (steps + 1))).replace(/[，。？！]/g, '')
      call.partials[turn.speaker] = text
      push('transcript.partial', { call_id: call.call_id, speaker: turn.speaker, text, start_ms: turn.start_ms })
    }
    const segment = { segment_id: `${call.call_id}-${turn.index}`, speaker: turn.speaker, start_ms: turn.start_ms, end_ms: turn.end_ms, text: turn.text, confidence: 0.9, shown: [], names: [], words: [], turn: turn.index }
    call.segments.push(segment)
    call.partials[turn.speaker] = undefined
    push('transcript.segment', { call_id: call.call_id, segment })
    const heard = HEARD.filter(([index]) => index === turn.index)
    if (!heard.length) continue
    await wait(300)
    order ??= call.orders[0] ?? newOrder(call)
    heard.forEach((item) => hear(order, item, call.segments))
    refresh(order)
  }
}

// ---- HTTP ------------------------------------------------------------------------------------------------------------

class Refusal extends Error {
  constructor(status, code, title, more = {}) {
    super(title)
    this.body = { type: 'about:blank', status, code, title, detail: title, field: null, fix: null, ...more }
  }
}

const summary = (call) => ({
  call_id: call.call_id, direction: call.direction, number: call.number, customer_name: call.customer?.name ?? null, queue: call.queue, started_at: call.offered_at, answered_at: call.answered_at,
  ended_at: call.ended_at, agent: { user_id: 'U1', display_name: '陈晓' }, interface: call.interface, outcome: call.ended_at ? (call.answered_at ? 'answered' : call.outcome) : call.state === 'ringing' ? 'ringing' : 'talking',
  duration_s: call.answered_at && call.ended_at ? Math.round((Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000) : call.ended_at ? 0 : null,
  has_recording: !!call.answered_at, order_numbers: call.orders.map((order) => order.number).filter(Boolean),
})

function detail(call) {
  const start = Date.parse(call.answered_at ?? call.offered_at)
  const at = (ms) => new Date(start + ms).toISOString()
  const events = [['offered', -6200, '售后一队'], ['answered', 0, ''], ['held', 37000, ''], ['resumed', 40500, ''], ['leg_ended', 66300, ''], ['ended', 66600, '']]
  return {
    ...summary(call), linkedid: '1763700000.1', segments: call.segments, orders: call.orders, edits: call.edits,
    events: events.map(([type, offset_ms, text]) => ({ at: at(offset_ms), offset_ms, type, interface: 'PJSIP/1001', text })),
    recording: call.answered_at ? { duration_ms: durationMs(wav), sample_rate_hz: 8000, format: 'wav', partial: false } : null,
    transcript_state: call.ended_at ? 'complete' : 'live', gaps: [],
  }
}

const all = () => [...live.values(), ...past].sort((a, b) => b.offered_at.localeCompare(a.offered_at))
const callById = (id) => all().find((call) => call.call_id === id) ?? refuse(404, 'not_found', '找不到这通电话')
const refuse = (...args) => { throw new Refusal(...args) }

function checked(order, request) {
  if (!order) refuse(404, 'not_found', '找不到工单')
  if (request.headers['if-match'] !== `"${order.edit_version}"`) refuse(412, 'version_stale', '工单已在别处更改')
  return order
}

const media = (bytes, type) => ({ bytes, type })

const ROUTES = [
  ['GET', /^\/api\/session$/, ({ user }) => (user ? { user, csrf_token: 'mock' } : refuse(401, 'not_logged_in', '未登录'))],
  ['POST', /^\/api\/session$/, ({ body, response }) => {
    const name = body.login_token ? body.login_token.split('-')[0] : body.password === body.username ? body.username : ''
    const user = USERS[name] ?? refuse(401, 'not_logged_in', '用户名或密码不对')
    response.setHeader('Set-Cookie', `mock=${name}; Path=/; HttpOnly; SameSite=Strict`)
    return { user, csrf_token: 'mock' }
  }],
  ['DELETE', /^\/api\/session$/, ({ response }) => void response.setHeader('Set-Cookie', 'mock=; Path=/; Max-Age=0')],
  ['GET', /^\/api\/catalogue$/, () => CATALOGUE],
  ['GET', /^\/api\/calls$/, ({ query }) => {
    const number = (query.get('number') ?? '').replace(/\D/g, '')
    const hits = all().filter((call) => (!number || call.number?.includes(number)) && (!query.get('from') || call.offered_at >= new Date(query.get('from')).toISOString()) && (!query.get('to') || call.offered_at < new Date(query.get('to')).toISOString()))
    const from = Number(query.get('cursor') ?? 0)
    const limit = Number(query.get('limit') ?? 50)
    return { items: hits.slice(from, from + limit).map(summary), next_cursor: from + limit < hits.length ? String(from + limit) : null }
  }],
  ['GET', /^\/api\/calls\/([^/]+)$/, ({ match }) => detail(callById(match[1]))],
  ['GET', /^\/api\/calls\/([^/]+)\/peaks$/, () => ({ sample_rate_hz: 8000, duration_ms: durationMs(wav), peaks_per_s: PEAKS_PER_S, channels: peaks(wav, PEAKS_PER_S) })],
  ['GET', /^\/api\/calls\/([^/]+)\/audio$/, ({ query }) => {
    const channels = { caller: [0], agent: [1] }[query.get('channel')] ?? [0, 1]
    return media(clip(wav, Number(query.get('start_ms')), Number(query.get('end_ms')), channels), 'audio/wav')
  }],
  ['GET', /^\/api\/calls\/([^/]+)\/recording$/, () => media(clip(wav, 0, durationMs(wav), [0, 1]), 'audio/wav')],
  ['GET', /^\/api\/customers$/, ({ query }) => ({ items: Object.values(CUSTOMERS).filter((card) => card.phones.some((entry) => entry.raw === query.get('phone'))), next_cursor: null })],
  ['POST', /^\/api\/customers$/, ({ body }) => {
    if (!/^[\d +-]{5,}$/.test(body.phone)) refuse(422, 'invalid', 'bad phone', { errors: [{ field: 'phone', code: 'phone', message: '电话号码无效' }] })
    const { name, phone, address } = body
    const display = address ? Object.values(address).join('') : ''
    return { customer_id: nextId('C'), name, level: 'normal', phones: [{ raw: phone, e164: null, label: null }], addresses: address ? [{ address_id: nextId('A'), ...address, display }] : [], assets: [], open_orders: [], past_orders: [], order_count: 0 }
  }],
  ['GET', /^\/api\/work-orders\/([^/]+)$/, ({ match }) => orderById(match[1]) ?? refuse(404, 'not_found', '找不到工单')],
  ['POST', /^\/api\/calls\/([^/]+)\/customer$/, ({ match, body }) => {
    const call = callById(match[1])
    call.customer = Object.values(CUSTOMERS).find((card) => card.customer_id === body.customer_id) ?? refuse(404, 'not_found', '没有这位客户')
    call.candidates = []
    for (const order of call.orders) { order.customer_id = body.customer_id; refresh(order) }
    push('call.updated', { call_id: call.call_id, changes: { customer: call.customer, candidates: [] } })
    return { customer: call.customer, orders: call.orders }
  }],
  ['POST', /^\/mock\/repeat$/, () => { for (const call of live.values()) for (const order of call.orders) { order.alerts = [{ kind: 'repeat', display: '该客户已有未完成工单 WO20261119-0002（已派工）：格力空调漏水' }]; refresh(order) } }],
  ['POST', /^\/api\/work-orders$/, ({ body }) => { const order = newOrder(callById(body.call_id)); refresh(order); return order }],
  ['PATCH', /^\/api\/work-orders\/([^/]+)$/, ({ match, body, request }) => {
    const order = checked(orderById(match[1]), request)
    if (body.fields.contact_phone && !/^[\d +-]{5,}$/.test(body.fields.contact_phone)) refuse(422, 'invalid', '字段有误', { errors: [{ field: 'contact_phone', code: 'phone', message: '电话号码无效' }] })
    edit(order, body, callById(order.call_id))
    return order
  }],
  ['POST', /^\/api\/work-orders\/([^/]+)\/create$/, ({ match, request }) => {
    const order = checked(orderById(match[1]), request)
    if (order.missing.length) refuse(422, 'fields_missing', '必填项未齐', { errors: order.missing.map((field) => ({ field, code: 'required', message: '必填，请向客户询问' })) })
    Object.assign(order, { status: 'created', number: `WO20261121-${String((counter += 1)).padStart(4, '0')}`, saved_at: now(), created_by: 'U1', edit_version: order.edit_version + 1 })
    refresh(order)
    return order
  }],
  ['POST', /^\/mock\/ring$/, ({ query }) => void ring(query.get('kind') ?? 'known')],
  ['POST', /^\/mock\/drop$/, () => sockets.forEach((socket) => socket.terminate())],
  ['POST', /^\/mock\/pbx$/, ({ query }) => { state.pbx = { connected: query.get('up') === '1', since: now() }; push('pbx.link', state.pbx) }],
  ['POST', /^\/mock\/gas$/, () => { for (const call of live.values()) for (const order of call.orders) { order.alerts = [{ kind: 'gas_smell', display: '客户闻到燃气味：请立即提醒关闭阀门、开窗、勿开关电器' }]; order.suggested_priority = 'critical'; refresh(order) } }],
  ['POST', /^\/mock\/two$/, () => { for (const call of live.values()) { const order = newOrder(call, 2); order.fields.appliance = { value: '冰箱', display: '冰箱', source: 'heard', confidence: 0.9, state: 'heard', rule: null, evidence: [] }; refresh(order) } }],
  ['POST', /^\/mock\/rival$/, ({ query }) => { for (const call of live.values()) for (const order of call.orders) edit(order, { fields: { [query.get('field')]: query.get('value') } }, call) }],
]

const userOf = (request) => USERS[/(?:^|; )mock=(\w+)/.exec(request.headers.cookie ?? '')?.[1]]

async function handle(request, response) {
  const { pathname, searchParams: query } = new URL(request.url, 'http://mock')
  if (!/^\/(api|mock)\//.test(pathname)) return page(pathname, response)
  try {
    const [, pattern, run] = ROUTES.find(([method, path]) => method === request.method && path.test(pathname)) ?? refuse(404, 'not_found', `nothing at ${pathname}`)
    const user = userOf(request)
    if (!user && pathname.startsWith('/api') && pathname !== '/api/session') refuse(401, 'not_logged_in', '未登录')
    let text = ''
    for await (const chunk of request) text += chunk
    const answer = run({ match: pattern.exec(pathname), query, user, request, response, body: text ? JSON.parse(text) : {} })
    if (answer?.bytes) return sendBytes(answer, request, response)
    response.writeHead(answer === undefined ? 204 : 200, { 'Content-Type': 'application/json' })
    response.end(answer === undefined ? '' : JSON.stringify(answer))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    response.writeHead(error.body.status, { 'Content-Type': 'application/problem+json' })
    response.end(JSON.stringify(error.body))
  }
}

function sendBytes({ bytes, type }, request, response) {
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
  const start = range ? Number(range[1]) : 0
  const end = range?.[2] ? Number(range[2]) : bytes.length - 1
  const headers = { 'Content-Type': type, 'Accept-Ranges': 'bytes', 'Content-Length': end - start + 1 }
  response.writeHead(range ? 206 : 200, range ? { ...headers, 'Content-Range': `bytes ${start}-${end}/${bytes.length}` } : headers)
  response.end(bytes.subarray(start, end + 1))
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

function page(pathname, response) {
  const wanted = join(site, normalize(pathname))
  const file = wanted.startsWith(site) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(site, 'index.html')
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP })
  response.end(readFileSync(file))
}

// ---- socket ----------------------------------------------------------------------------------------------------------

function connected(socket) {
  socket.seq = 0
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  socket.on('message', (text) => {
    const frame = JSON.parse(text)
    if (frame.type === 'ping') socket.send(JSON.stringify({ seq: (socket.seq += 1), type: 'pong', t: frame.t, server_time: now() }))
    if (frame.type === 'pop.painted') console.log(`painted ${frame.call_id} ${frame.painted_at - Date.parse(live.get(frame.call_id)?.offered_at)} ms after the offer`)
    if (frame.type === 'call.done' && live.has(frame.call_id)) close(live.get(frame.call_id), 'done')
  })
  const body = { server_time: now(), agent_state: state.agent, pbx: state.pbx, calls: [...live.values()].map(wire) }
  socket.send(JSON.stringify({ seq: (socket.seq += 1), type: 'snapshot', ...body }))
  if (process.env.MOCK_AUTO !== '0' && !counter) setTimeout(() => ring('known'), 1500)
}

/** Calls of the last days, so that list and replay have something to show. */
function seed() {
  const names = ['known', 'second', 'unknown', 'hidden']
  for (let n = 0; n < 70; n += 1) {
    const started = Date.now() - (n * 47 + 9) * 60_000
    const missed = n % 7 === 3
    const call = {
      call_id: `01PAST${String(n).padStart(4, '0')}`, direction: 'inbound', ...structuredClone(KINDS[names[n % 4]]), state: 'ended', queue: n % 3 ? '售后一队' : '安装预约', interface: 'PJSIP/1001',
      offered_at: new Date(started).toISOString(), answered_at: missed ? null : new Date(started + 6200).toISOString(), ended_at: new Date(started + (missed ? 15_000 : 72_886)).toISOString(),
      segments: [], partials: {}, orders: [], transcript_unavailable: {}, edits: [], outcome: n % 2 ? 'missed' : 'abandoned',
    }
    if (!missed) fill(call, n)
    past.push(call)
  }
}

function fill(call, n) {
  call.segments = script.turns.map((turn) => ({ segment_id: `${call.call_id}-${turn.index}`, speaker: turn.speaker, start_ms: turn.start_ms, end_ms: turn.end_ms, text: turn.text, confidence: 0.9, shown: [], names: [], words: [], turn: turn.index }))
  const order = newOrder(call)
  HEARD.forEach((item) => hear(order, item, call.segments))
  edit(order, { fields: { model: 'KFR-35GW/NhGc1B' }, accept: ['contact_phone', 'address'] }, null)
  const at = (ms) => new Date(Date.parse(call.answered_at) + ms).toISOString()
  call.edits = [
    { at: at(43_200), offset_ms: 43_200, by: '陈晓', field: 'model', from: 'KFR-35GW', to: 'KFR-35GW/NhGc1B', order_id: order.order_id },
    { at: at(64_000), offset_ms: 64_000, by: '陈晓', field: 'status', from: 'draft', to: 'created', order_id: order.order_id },
  ]
  Object.assign(order, { status: 'created', number: `WO202611${21 - Math.floor(n / 30)}-${String(90 - n).padStart(4, '0')}` })
}

seed()
counter = 0
const server = createServer((request, response) => void handle(request, response))
const socketServer = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  if (!userOf(request)) return socket.destroy()
  socketServer.handleUpgrade(request, socket, head, connected)
})
server.listen(port, '127.0.0.1', () => console.log(`mock on http://127.0.0.1:${port}  (agent/agent, supervisor/supervisor, /login?token=agent-1)`))
