/** Who is logged in. */
import { api } from '@/api/client'
import { ApiError, setCsrfToken } from '@/api/http'
import type { Session, User } from '@/api/types'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const known = ref(false)
  /** A desk is for people who take calls: agents, and whoever else has a phone. */
  const hasDesk = computed(() => {
    const who = user.value
    return !!who && who.permissions.includes('desk') && (who.roles.includes('agent') || who.interface !== null)
  })

  /** Whom the server keeps up to date: notices, orders, and calls where there is a phone. */
  const listens = computed(() => user.value?.permissions.includes('desk') ?? false)

  function enter(session: Session): void {
    setCsrfToken(session.csrf_token)
    user.value = session.user
    known.value = true
  }

  function leave(): void {
    setCsrfToken('')
    user.value = null
    known.value = true
  }

  /** Ask the server once who we are; errors other than "nobody" are the caller's to show. */
  async function load(): Promise<void> {
    try {
      enter(await api.session())
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error
      leave()
    }
  }

  async function login(body: Parameters<typeof api.login>[0]): Promise<void> {
    enter(await api.login(body))
  }

  async function logout(): Promise<void> {
    await api.logout()
    leave()
  }

  return { user, known, hasDesk, listens, load, login, logout, leave }
})
