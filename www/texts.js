// Every sentence that the pages say and that is not in their HTML.

export const texts = {
  waitingFor: (count) => (count === 1 ? "1 case is waiting." : `${count} cases are waiting.`),
  held: "Held for you to decide",
  missing: "missing",
  empty: "empty",
  flagged: "Flagged",
  irreversible: "Cannot be undone once it runs",
  votes: (given, needed) => `Needs ${needed} different people; ${given} approved so far`,
  moreFields: (count) => (count === 1 ? "1 more field" : `${count} more fields`),
  context: "Context and the AI's own account (not verified)",
  contextNote: "Written by the app and the AI. It does not change what runs.",
  noContext: "Nothing was sent along.",
  showAll: (count) => `Show all ${count} characters`,

  approved: (title) => `Approved: ${title}.`,
  rejected: (title, reason) => `Rejected (${reason}): ${title}.`,
  voted: (title) => `Your approval counts; another person decides too: ${title}.`,
  undoWithin: (seconds) => `Press U to undo (${seconds} s).`,
  undone: (title) => `Taken back: ${title}.`,
  undoAgain: "Holdpoint does not answer. Press U again.",
  undoTooLate: "Too late to undo: it was released.",
  skipped: (title) => `Skipped for ten minutes: ${title}.`,
  sending: "Sending…",
  sendingAgain: "Holdpoint does not answer. Your decision is kept and sent again.",

  somebodyElse: (title) => `Somebody else was first with “${title}”. Here is the next case.`,
  leased: (title) => `Somebody else is looking at “${title}”. Here is the next case.`,
  expired: (title) => `“${title}” expired before a decision, so nothing ran.`,
  tooLate: (title) => `Your decision on “${title}” came after its deadline. Nothing ran.`,
  refused: (detail) => `Not accepted: ${detail}`,
  offline: (count) =>
    count > 0
      ? "You are offline. Your last decision is kept and sent as soon as you are back."
      : "You are offline. This page goes on by itself as soon as you are back.",

  nothing: "Nothing is waiting",
  nothingText: "New cases appear here by themselves.",
  nothingForYou: "Nothing is waiting for you",
  nothingForYouText: (count) =>
    `${texts.waitingFor(count)} ${count === 1 ? "It is" : "They are"} skipped, with somebody else, your own, or approved by you already.`,
  signedOut: "You are signed out",
  signedOutText: "Sign in again to go on. What was not confirmed is still held.",
  broken: "Holdpoint does not answer as it should",
  noDesk: "Your key is good for no desk",
  noDeskText: "Ask an admin for a key that names your desk.",

  signIn: {
    401: "This key is not in force. Check that it was copied whole, or ask an admin for a new one.",
    403: "This key is not for reviewing. Ask an admin for a reviewer's key.",
    422: "Type or paste your key; it begins with hpk_.",
    offline: "You are offline.",
    other: "Signing in does not work now. Try again in a moment.",
  },

  singleKeys: (on) => `Single keys: ${on ? "on" : "off"}`,
  help: [
    ["A", "Approve"],
    ["R, then 1–9", "Reject, with a reason (Esc goes back)"],
    ["S", "Skip: not shown to you again for ten minutes"],
    ["U", "Undo your last decision, while it is not released"],
    ["?", "This help"],
  ],
  helpNote: "Enter and Space decide nothing unless you have moved to a button yourself. Single keys can be switched off at the top; the buttons always work.",
};
