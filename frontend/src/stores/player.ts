/** Plays the seconds behind a field or an utterance; one sound at a time. */
import { api } from '@/api/client'
import type { Evidence, Segment } from '@/api/types'
import { clipOf } from '@/desk/transcript'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

export interface Playing {
  /** Who asked: "order/field" or a segment id. */
  key: string
  segment_id: string
  start_char: number
  end_char: number
}

export const usePlayer = defineStore('player', () => {
  const playing = shallowRef<Playing | null>(null)
  const failed = ref(0)
  const audio = new Audio()
  audio.addEventListener('ended', stop)
  audio.addEventListener('error', () => {
    if (!playing.value) return
    failed.value += 1
    stop()
  })

  /** False when there is no audio behind it. */
  function play(callId: string, key: string, evidence: Evidence, segment: Segment | undefined): boolean {
    const clip = clipOf(evidence, segment)
    if (!clip) return false
    playing.value = { key, segment_id: evidence.segment_id, start_char: evidence.start_char, end_char: evidence.end_char }
    audio.src = api.clipUrl(callId, clip.start_ms, clip.end_ms, segment?.speaker ?? 'both')
    // A refusal also arrives as an "error" event, which is where it is handled; an interrupted play is no refusal.
    audio.play().catch((error: unknown) => error instanceof DOMException && error.name === 'NotAllowedError' && stop())
    return true
  }

  function playSegment(callId: string, segment: Segment): void {
    const { segment_id, start_ms, end_ms, text } = segment
    play(callId, segment_id, { segment_id, start_ms, end_ms, start_char: 0, end_char: text.length }, segment)
  }

  function stop(): void {
    audio.pause()
    playing.value = null
  }

  return { playing, failed, play, playSegment, stop }
})
