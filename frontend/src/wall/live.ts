/** The wallboard's own connection: every frame is the whole floor, so the newest is all there is to keep. */
import { api } from '@/api/client'
import { AgentSocket, serverMs, type LinkState } from '@/api/socket'
import type { ServerFrame } from '@/api/types'
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { WallFrame, Wallboard } from './types'

export interface LiveWall {
  wall: ShallowRef<Wallboard | null>
  link: Ref<LinkState>
  /** This computer's time as the server's. */
  serverNow: (localMs: number) => number
}

export function useLiveWall(): LiveWall {
  const wall = shallowRef<Wallboard | null>(null)
  const link = ref<LinkState>('connecting')
  let offsetMs = 0

  function receive(frame: ServerFrame | WallFrame): void {
    if (frame.type === 'snapshot') offsetMs = serverMs(frame.server_time) - Date.now()
    if (frame.type === 'wallboard') wall.value = frame
  }

  const socket = new AgentSocket({
    frame: receive,
    link: (state) => (link.value = state),
    refused: () => void api.checkSession().catch(() => undefined),
  })
  socket.start()
  onScopeDispose(() => socket.stop())
  return { wall, link, serverNow: (localMs) => localMs + (socket.offset.ms || offsetMs) }
}
