import { setUnauthorisedHandler } from '@/api/http'
import { useSession } from '@/stores/session'
import { createRouter, createWebHistory, type RouteLocationNormalized, type Router } from 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean
    title?: string
    /** The permission without which this page is not for the user. */
    needs?: string
    /** The page answers `/` with a search box of its own. */
    finds?: boolean
  }
}

export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      // Never shown: the guard sends everybody from here to their own first page.
      { path: '/', component: () => import('./pages/LoginPage.vue') },
      { path: '/login', component: () => import('./pages/LoginPage.vue'), meta: { open: true, title: 'login.title' } },
      { path: '/desk', component: () => import('./pages/DeskPage.vue'), meta: { title: 'nav.desk' } },
      { path: '/calls', component: () => import('./pages/CallsPage.vue'), meta: { title: 'calls.title' } },
      { path: '/calls/:callId', component: () => import('./pages/ReplayPage.vue'), props: true, meta: { title: 'replay.title' } },
      { path: '/orders/:orderId?', component: () => import('./pages/OrdersPage.vue'), props: true, meta: { title: 'orders.title', needs: 'orders', finds: true } },
      { path: '/customers/:customerId', component: () => import('./pages/CustomerPage.vue'), props: true, meta: { title: 'customer.title', needs: 'customers' } },
      { path: '/templates', component: () => import('./pages/TemplatesPage.vue'), meta: { title: 'templates.title', needs: 'templates.edit' } },
      { path: '/messages', component: () => import('./pages/MessagesPage.vue'), meta: { title: 'messages.title', needs: 'rules' } },
      { path: '/wallboard', component: () => import('./pages/WallboardPage.vue'), meta: { title: 'wall.title', needs: 'wallboard' } },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
  router.beforeEach(guard)
  setUnauthorisedHandler(() => {
    useSession().leave()
    const here = router.currentRoute.value
    if (!here.meta.open) void router.replace({ path: '/login', query: { next: here.fullPath, expired: '1' } })
  })
  return router
}

/** Agents start at the desk, everybody else with the calls. */
export function homeOf(): string {
  return useSession().hasDesk ? '/desk' : '/calls'
}

async function guard(to: RouteLocationNormalized): Promise<string | { path: string; query: Record<string, string> } | true> {
  const session = useSession()
  if (to.meta.open) return true
  if (!session.known) await session.load().catch(() => undefined)
  if (session.user) return to.path === '/' || (to.meta.needs && !session.user.permissions.includes(to.meta.needs)) ? homeOf() : true
  return { path: '/login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
}
