import { defineAsyncComponent } from 'vue'

/* The one box for everything in sight; has `focus()`. */
export const SearchBox = defineAsyncComponent(() => import('./SearchBox.vue'))
