/* Makes the demo that test files copy, so that none of them pays for it. */
import { prepare } from './store.ts';

prepare('demo');
