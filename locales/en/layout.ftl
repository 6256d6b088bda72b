# The frame around every page, and words that many pages share.

month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

count-open-tasks = { $count ->
    [0] no open tasks
    [one] { $count } open task
   *[other] { $count } open tasks
}

layout-skip = Skip to the content
layout-navigation = Pages
layout-menu = Your menu
layout-organisation = Organisation
layout-switch = Switch
layout-theme = Appearance
layout-language = Language
layout-sign-out = Sign out
layout-demo = This is a demonstration. Work moves by itself, and nothing you do is kept.

nav-tasks = My tasks
nav-monitor = Monitor
nav-assign = Assign
nav-history = History
nav-people = People
nav-projects = Projects
nav-settings = Settings
nav-account = Account

theme-auto = Auto
theme-light = Light
theme-dark = Dark

light-live = Live
light-delayed = Live, delayed
light-connecting = Connecting
light-reconnecting = Reconnecting
light-offline = Offline
light-signed-out = Signed out
light-apart = Not live

notice-signed-out = You are signed out. What you typed is still here: sign in again in another tab, and this page goes on by itself.
notice-sign-in = Sign in
notice-other = Another account or organisation is in use in this browser now. This page belongs to the one before: nothing more arrives on it, and nothing on it can be sent. What you typed is still here.
notice-open = Open Milepost anew
notice-gone = What this page shows is no longer open to you. What you typed is still here.
notice-portal = Something else answered in place of Milepost, perhaps the sign-in page of a wireless network. This page tries again by itself.
notice-look = Have a look

keys-title = Keyboard shortcuts
keys-close = Close
keys-search = Search
keys-help = This list
keys-on = Use keyboard shortcuts

words-leave = What you typed has not been sent. Leave this page?
words-waiting = Changes waiting
words-changed = Tasks changed
words-copied = Copied
words-failed = That did not reach the server. Nothing was changed; please try again.
words-log-new = New lines
words-log-skipped = Left out here, in the download it is whole
