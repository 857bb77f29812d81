/** The desk's keyboard: one table for what the keys do and what the overlay (?) says. */

export type Action =
  | 'help' | 'switch' | 'next_field' | 'previous_field' | 'play' | 'save' | 'first_missing'
  | 'customer' | 'transcript' | 'order' | 'orders' | 'done' | 'sound'

interface Binding {
  action: Action
  code: string
  alt?: boolean
  ctrl?: boolean
}

/** By physical key: Alt with a letter types something else on some keyboards, its place stays. */
const BINDINGS: readonly Binding[] = [
  { action: 'help', code: 'Slash', ctrl: true },
  { action: 'next_field', code: 'ArrowDown', alt: true },
  { action: 'previous_field', code: 'ArrowUp', alt: true },
  { action: 'play', code: 'KeyP', alt: true },
  { action: 'save', code: 'Enter', ctrl: true },
  { action: 'save', code: 'NumpadEnter', ctrl: true },
  { action: 'save', code: 'KeyS', ctrl: true },
  { action: 'first_missing', code: 'KeyM', alt: true },
  { action: 'customer', code: 'KeyC', alt: true },
  { action: 'transcript', code: 'KeyT', alt: true },
  { action: 'order', code: 'KeyO', alt: true },
  { action: 'orders', code: 'KeyW', alt: true },
  { action: 'done', code: 'KeyD', alt: true },
  { action: 'sound', code: 'KeyS', alt: true },
]

export interface Pressed {
  key: string
  code: string
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  /** True while the agent types into a field. */
  typing: boolean
}

/** What a key press means; `n` is the number of the call for `switch`. */
export function actionOf(pressed: Pressed): { action: Action; n: number } | null {
  const ctrl = pressed.ctrlKey || pressed.metaKey
  if (pressed.key === '?' && !pressed.typing && !ctrl && !pressed.altKey) return { action: 'help', n: 0 }
  const digit = /^Digit([1-9])$/.exec(pressed.code)
  if (digit && pressed.altKey && !ctrl) return { action: 'switch', n: Number(digit[1]) }
  const hit = BINDINGS.find(({ code, alt = false, ctrl: withCtrl = false }) => code === pressed.code && alt === pressed.altKey && withCtrl === ctrl)
  return hit ? { action: hit.action, n: 0 } : null
}

/** The overlay, in reading order. */
export const SHORTCUTS: readonly { text: string; keys: readonly string[] }[] = [
  { text: 'accept', keys: ['Enter'] },
  { text: 'next_field', keys: ['Alt ↓', 'Alt ↑'] },
  { text: 'undo', keys: ['Esc'] },
  { text: 'play', keys: ['Alt P'] },
  { text: 'first_missing', keys: ['Alt M'] },
  { text: 'save', keys: ['Ctrl ↵', 'Ctrl S'] },
  { text: 'done', keys: ['Alt D'] },
  { text: 'switch', keys: ['Alt 1 … 9'] },
  { text: 'orders', keys: ['Alt W'] },
  { text: 'customer', keys: ['Alt C'] },
  { text: 'transcript', keys: ['Alt T'] },
  { text: 'order', keys: ['Alt O'] },
  { text: 'sound', keys: ['Alt S'] },
  { text: 'help', keys: ['?', 'Ctrl /'] },
]
