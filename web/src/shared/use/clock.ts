/* The present moment for countdowns: one shared timer, half a minute apart. */
import { ref } from 'vue'

export const now = ref(Date.now())

setInterval(() => {
	now.value = Date.now()
}, 30000)
