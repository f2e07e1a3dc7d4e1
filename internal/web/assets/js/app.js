// The script of every page. Without it pages still work: forms post, links link.
import htmx from "htmx.org";
import { watchClock } from "./clock.js";
import { showTimes, tellZone } from "./times.js";
import { startCountdowns } from "./countdown.js";
import { startReach } from "./reach.js";
import { startPress } from "./press.js";
import { startLive } from "./live.js";
import { startTheme } from "./theme.js";
import { startDialogs } from "./dialog.js";
import { showChips, startForms } from "./forms.js";
import { startErrors } from "./errors.js";
import { startDrafts } from "./drafts.js";
import { startCover } from "./cover.js";
import { startShare } from "./share.js";

// The content security policy allows neither inline styles nor eval.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
// "Back" fetches the page again: a snapshot would show seats and places of the past.
htmx.config.historyCacheSize = 0;
htmx.config.refreshOnHistoryMiss = true;
htmx.config.defaultSwapStyle = "outerHTML";
htmx.config.scrollIntoViewOnBoost = false;
// Refused forms come back with their errors as 4xx and are shown as well.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[2345]..", swap: true },
];

watchClock();
tellZone();
startTheme();
startReach(htmx);
startPress(htmx);
startDialogs(htmx);
startForms();
startErrors();
startDrafts();
startCover(htmx);
startShare();
startLive(htmx);
startCountdowns();
showTimes(document);
showChips(document);
htmx.onLoad((el) => {
  showChips(el);
  showTimes(el);
  startCountdowns();
});
