// Brings the modules to life. The page works without any of them.
import * as time from "./time.js";
import * as theme from "./theme.js";
import * as keys from "./keys.js";
import * as form from "./form.js";
import * as swap from "./swap.js";
import * as pause from "./pause.js";
import * as owner from "./owner.js";
import * as live from "./live.js";
import * as presence from "./presence.js";
import * as log from "./log.js";

// The owner comes first: what it holds back, nobody else need look at.
for (const part of [owner, time, theme, keys, form, swap, pause, live, presence, log]) {
  try {
    part.start();
  } catch (error) {
    console.error(error);
  }
}
