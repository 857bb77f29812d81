/** The wallboard from the page's one connection: every frame is the whole floor, so the newest is all there is to keep. */
import { useDesk } from '@/stores/desk'
import { storeToRefs } from 'pinia'
import type { LinkState } from '@/api/socket'
import type { Ref } from 'vue'
import type { Wallboard } from './types'

export interface LiveWall {
  wall: Ref<Wallboard | null>
  link: Ref<LinkState>
  /** This computer's time as the server's. */
  serverNow: (localMs: number) => number
}

export function useLiveWall(): LiveWall {
  const desk = useDesk()
  const { wall, link } = storeToRefs(desk)
  return { wall, link, serverNow: desk.serverNow }
}
