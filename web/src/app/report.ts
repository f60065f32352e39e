/* The public page's entry: no account, no desk code. */
import '@/shared/styles/tokens.css'
import '@/shared/styles/base.css'
import '@/shared/styles/parts.css'
import { createApp } from 'vue'
import { lang, setLang } from '@/shared/i18n/core'
import { startTheme } from '@/shared/use/theme'
import ReportApp from '@/features/report/ReportApp.vue'

startTheme()
setLang(lang.value)
createApp(ReportApp).mount('#app')
