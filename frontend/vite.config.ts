import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// Where `npm run dev` sends API calls and the socket: the mock (default) or a running `callcenter serve`.
const backend = process.env.CALLCENTER_BACKEND ?? 'http://127.0.0.1:8091'

export default defineConfig({
  plugins: [vue()],
  define: {
    // Plain message lookup only; none of the legacy API ends up in the bundle.
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../callcenter/web/static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 700,
    // The page ships under a policy without data: scripts or fonts; only tiny images may be inlined.
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        manualChunks: {
          vue: ['vue', 'vue-router', 'pinia', 'vue-i18n'],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: backend, ws: true },
      '/healthz': backend,
      '/readyz': backend,
    },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
})
