/** Every page's script: HTMX and our own small behaviours. */
import htmx from "htmx.org";
import "idiomorph/htmx";
import { startBell } from "./bell.js";
import { startCode } from "./code.js";
import { startKeys } from "./keys.js";
import { startLists } from "./lists.js";
import { startLive } from "./live.js";
import { startMoving } from "./moving.js";
import { startPalette } from "./palette.js";
import { startPasskeys } from "./passkeys.js";
import { startPush } from "./push.js";
import { setPreference, startPreferences } from "./preferences.js";
import { startTables } from "./tables.js";
import { startTabs, startTerms } from "./tabs.js";
import { startToasts, toast } from "./toasts.js";
import { startWidgets } from "./widgets.js";

window.htmx = htmx;
window.cw = { toast, setPreference };

startPreferences();
startToasts();
startWidgets();
startTables();
startLists();
startPalette();
startKeys();
startTabs();
startTerms();
startCode();
startPasskeys();
startBell();
startPush();
startMoving();
setTimeout(startLive); // to open a line takes as long as all of the above: a slow phone paints in between
