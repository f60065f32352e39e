/* The entry of a person's own page. */
import '@/shared/styles/tokens.css'
import '@/shared/styles/base.css'
import '@/shared/styles/parts.css'
import { createApp } from 'vue'
import { lang, setLang } from '@/shared/i18n/core'
import { startTheme } from '@/shared/use/theme'
import MeApp from '@/features/me/MeApp.vue'

startTheme()
setLang(lang.value)
createApp(MeApp).mount('#app')
