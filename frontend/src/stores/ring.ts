/** The ring of this page: two soft tones, made here (no file), and the browser's notification. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { useSettings } from './settings'

const TONES_HZ = [659, 784]
const TONE_S = 0.38
const EVERY_MS = 2600
const VOLUME = 0.13

export const useRing = defineStore('ring', () => {
  const settings = useSettings()
  const blocked = ref(false)
  const permission = ref(typeof Notification === 'undefined' ? 'denied' : Notification.permission)
  const canAskNotify = computed(() => permission.value === 'default' && window.isSecureContext)
  let context: AudioContext | null = null
  let timer = 0

  function play(): void {
    context ??= new AudioContext()
    // Until the agent has touched the page once, the browser keeps it silent: say so at the switch.
    blocked.value = context.state === 'suspended'
    if (blocked.value) void context.resume().then(() => (blocked.value = context?.state === 'suspended'))
    else TONES_HZ.forEach((hz, index) => tone(context as AudioContext, hz, index * TONE_S * 0.8))
  }

  function start(): void {
    if (timer || settings.sound === 'off') return
    play()
    timer = window.setInterval(play, EVERY_MS)
  }

  function stop(): void {
    window.clearInterval(timer)
    timer = 0
  }

  function toggle(): void {
    if (blocked.value) return void context?.resume().then(() => (blocked.value = false))
    settings.sound = settings.sound === 'on' ? 'off' : 'on'
    if (settings.sound === 'off') stop()
  }

  async function askNotify(): Promise<void> {
    permission.value = await Notification.requestPermission()
  }

  /** Shown only while the page is out of sight; a click brings it back. */
  function notify(title: string, body: string, tag: string): Notification | null {
    if (permission.value !== 'granted' || document.visibilityState === 'visible') return null
    const note = new Notification(title, { body, tag, requireInteraction: true })
    note.onclick = () => {
      window.focus()
      note.close()
    }
    return note
  }

  return { blocked, canAskNotify, start, stop, toggle, askNotify, notify }
})

function tone(context: AudioContext, hz: number, delayS: number): void {
  const at = context.currentTime + delayS
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.frequency.value = hz
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(VOLUME, at + 0.03)
  gain.gain.exponentialRampToValueAtTime(0.001, at + TONE_S)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + TONE_S)
}
