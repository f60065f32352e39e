/* The desk's entry. */
import '@/shared/styles/tokens.css'
import '@/shared/styles/base.css'
import '@/shared/styles/parts.css'
import { createApp } from 'vue'
import { lang, setLang } from '@/shared/i18n/core'
import { startKeys } from '@/shared/use/keys'
import { startTheme } from '@/shared/use/theme'
import { toastError } from '@/shared/use/toast'
import App from './App.vue'
import { router } from './router'

startTheme()
startKeys()
setLang(lang.value)
const app = createApp(App)
app.config.errorHandler = (e) => {
	console.error(e)
	toastError(e)
}
app.use(router)
app.mount('#app')
