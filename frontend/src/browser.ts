/** Small reactive views of the browser itself. */
import { onScopeDispose, ref, watch, type Ref } from 'vue'

function media(query: string): Ref<boolean> {
  const list = window.matchMedia(query)
  const matches = ref(list.matches)
  list.addEventListener('change', (event) => (matches.value = event.matches))
  return matches
}

export const usePreferredDark = (): Ref<boolean> => media('(prefers-color-scheme: dark)')

/** One column instead of three. */
export const useNarrow = (): Ref<boolean> => media('(max-width: 900px)')

/** A setting kept in localStorage; anything not allowed counts as never set. */
export function useStored<T extends string>(key: string, fallback: T, allowed: readonly T[]): Ref<T> {
  const stored = localStorage.getItem(key) as T | null
  const value = ref(stored !== null && allowed.includes(stored) ? stored : fallback) as Ref<T>
  watch(value, (now) => localStorage.setItem(key, now))
  return value
}

/** The time, once a second, for timers on the page. */
export function useNow(everyMs = 1000): Ref<number> {
  const now = ref(Date.now())
  const timer = window.setInterval(() => (now.value = Date.now()), everyMs)
  onScopeDispose(() => window.clearInterval(timer))
  return now
}

/** Listen on the window for as long as the component lives. */
export function useWindowEvent<K extends keyof WindowEventMap>(type: K, handler: (event: WindowEventMap[K]) => void): void {
  window.addEventListener(type, handler)
  onScopeDispose(() => window.removeEventListener(type, handler))
}

/** After the browser has really painted what is on the page now: the second frame starts when the first is on screen. */
export function afterPaint(then: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(then))
}
