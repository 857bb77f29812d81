/** What the application tells this user: the list behind the bell, kept live by `notice` frames. */
import { api } from '@/api/client'
import type { Notice } from '@/api/types'
import { useDesk } from '@/stores/desk'
import { defineStore } from 'pinia'
import { ref } from 'vue'

const SHOWN = 50

export const useNotices = defineStore('notices', () => {
  const items = ref<Notice[]>([])
  const unread = ref(0)
  const desk = useDesk()

  let told = 0

  /** An answer that a notice overtook does not have it: ask again. */
  async function load(): Promise<void> {
    const before = told
    const found = await api.notices()
    if (told !== before) return load()
    items.value = found.items
    unread.value = found.unread
  }

  /** These were looked at; null: all of them. Shown at once, and put back as it is when the server did not take it. */
  async function read(ids: readonly string[] | null): Promise<void> {
    const before = told
    const at = new Date().toISOString()
    items.value = items.value.map((one) => (!one.read_at && (ids?.includes(one.notice_id) ?? true) ? { ...one, read_at: at } : one))
    try {
      const found = await api.readNotices(ids)
      // One that was told meanwhile is not in the answer.
      if (told !== before) return await load()
      unread.value = found.unread
    } catch (error) {
      await load()
      throw error
    }
  }

  desk.onFrame((frame) => {
    // After a lost connection the list may have grown meanwhile.
    if (frame.type === 'snapshot') void load().catch(() => undefined)
    if (frame.type !== 'notice' || items.value.some((one) => one.notice_id === frame.notice_id)) return
    told += 1
    items.value = [{ ...frame, read_at: null }, ...items.value].slice(0, SHOWN)
    unread.value += 1
  })

  return { items, unread, load, read }
})
