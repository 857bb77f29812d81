/** The live desk: the socket, the reducer's state, and which call is in front. */
import { api } from '@/api/client'
import { newKey } from '@/api/http'
import { AgentSocket, serverMs, type LinkState } from '@/api/socket'
import type { CustomerCard, Order, ServerFrame } from '@/api/types'
import { applyFrame, EMPTY_DESK, shownCall, withCustomer, withOrder, withoutCall, type DeskCall, type DeskState } from '@/desk/state'
import type { Wallboard, WallFrame } from '@/wall/types'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

export type FrameListener = (frame: ServerFrame, before: DeskState, after: DeskState) => void

export const useDesk = defineStore('desk', () => {
  const state = shallowRef<DeskState>(EMPTY_DESK)
  /** The whole floor, for those who may see it. */
  const wall = shallowRef<Wallboard | null>(null)
  const link = ref<LinkState>('connecting')
  const everOpen = ref(false)
  const chosen = ref<string | null>(null)
  const clockOffsetMs = ref(0)
  const painted = new Set<string>()
  const listeners = new Set<FrameListener>()
  /** Who the agent says is calling, by call, until the server has agreed. */
  const picked = ref<Record<string, string>>({})
  let socket: AgentSocket | null = null

  const calls = computed(() => state.value.calls)
  const shown = computed<DeskCall | null>(() => shownCall(calls.value, chosen.value))
  const ringing = computed(() => calls.value.filter((call) => call.state === 'ringing'))

  function start(): void {
    if (socket) return
    // What comes of the check is the login page, or nothing: the socket goes on trying by itself.
    socket = new AgentSocket({ frame: receive, link: linked, refused: () => void api.checkSession().catch(() => undefined) })
    socket.start()
  }

  function stop(): void {
    socket?.stop()
    socket = null
    state.value = EMPTY_DESK
    wall.value = null
    everOpen.value = false
    chosen.value = null
  }

  function linked(now: LinkState): void {
    link.value = now
    if (now === 'open') everOpen.value = true
  }

  function receive(frame: ServerFrame | WallFrame): void {
    if (frame.type === 'wallboard') {
      wall.value = frame
      return
    }
    const before = state.value
    state.value = applyFrame(before, frame)
    if (frame.type === 'snapshot') clockOffsetMs.value = serverMs(frame.server_time) - Date.now()
    if (frame.type === 'call.offered') offered(frame.call.call_id)
    if (frame.type === 'call.updated' && chosen.value === frame.call_id) chosen.value = frame.changes.call_id ?? frame.call_id
    for (const listener of listeners) listener(frame, before, state.value)
  }

  /** A new call comes to the front unless the agent is talking; then it waits in its tab and the banner announces it. */
  function offered(callId: string): void {
    const front = shown.value
    if (!front || front.state === 'ended' || front.state === 'ringing' || front.call_id === callId) chosen.value = callId
  }

  function onFrame(listener: FrameListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** The customer of a call: identified by the server, or just picked here. */
  function customerOf(call: DeskCall): CustomerCard | null {
    return call.customer ?? call.candidates.find((card) => card.customer_id === picked.value[call.call_id]) ?? null
  }

  /** The agent says who is calling: shown at once; the call and its orders follow. Throws what the server answers. */
  async function pick(callId: string, customerId: string): Promise<void> {
    picked.value = { ...picked.value, [callId]: customerId }
    try {
      const { customer, orders } = await api.setCaller(callId, customerId, newKey())
      putCustomer(callId, customer)
      for (const order of orders) putOrder(callId, order)
    } finally {
      picked.value = Object.fromEntries(Object.entries(picked.value).filter(([other]) => other !== callId))
    }
  }

  function select(callId: string): void {
    chosen.value = callId
  }

  function selectNth(n: number): void {
    const call = calls.value[n - 1]
    if (call) chosen.value = call.call_id
  }

  /** Tell the server when the pop was really on screen, on the server's clock; once per call and page. */
  function reportPainted(callId: string): void {
    if (painted.has(callId) || !socket) return
    const offset = socket.offset.ms || clockOffsetMs.value
    if (socket.send({ type: 'pop.painted', call_id: callId, painted_at: Math.round(Date.now() + offset) })) painted.add(callId)
  }

  /** False while the link is down: then the call stays, because the server would bring it back anyway. */
  function done(callId: string): boolean {
    if (!socket?.send({ type: 'call.done', call_id: callId })) return false
    state.value = withoutCall(state.value, callId)
    return true
  }

  function putOrder(callId: string, order: Order): void {
    state.value = withOrder(state.value, callId, order, 'answer')
  }

  function putCustomer(callId: string, customer: CustomerCard): void {
    state.value = withCustomer(state.value, callId, customer)
  }

  /** Milliseconds to add to this computer's clock to get the server's. */
  const serverNow = (localMs: number): number => localMs + (socket?.offset.ms || clockOffsetMs.value)

  return {
    state, wall, link, everOpen, chosen, calls, shown, ringing, serverNow,
    start, stop, onFrame, customerOf, pick, select, selectNth, reportPainted, done, putOrder, putCustomer,
  }
})
