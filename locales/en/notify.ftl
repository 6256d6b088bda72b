# Notifications, the channels by which they come, and writing to many.

nav-notifications = Notifications
notifications-unread = { $count ->
    [0] Everything is read.
    [one] One is unread.
   *[other] { $count } are unread.
}
notifications-none = Nothing to know
notifications-none-hint = What admins write to you stands here, and alarms of the schedules that you look after.
notifications-new = New
notifications-read = Mark as read
notifications-read-all = Mark all as read
notifications-schedule = Open the schedule
notifications-first = Unread ones
notifications-more = More

channel-bell = Notification in Milepost
channel-email = E-mail
channel-webhook = Webhook
channel-email-none = This server sends no e-mail: whoever runs it says which mail server takes it (--smtp-url).
channel-bell-nobody = This is no user.
channel-bell-broken = The notification could not be written; the log of Milepost says why.
reason-broadcast = Written to you
reason-alarm = A schedule needs a look

mail-refused = The mail server refused it: { $answer }
mail-later = The mail server did not take it now: { $answer }
mail-broken = The connection to the mail server broke before anything was sent: { $answer }
mail-down = The mail server cannot be used: { $answer }
mail-unknown = The connection broke before the mail server said so ({ $answer }).
mail-unwritable = No message can be made of this: { $why }
mail-no-address = Mail cannot be sent to this address.
mail-no-utf8 = The mail server does not take addresses with such letters.
webhook-refused = It was refused: { $status } { $answer }
webhook-redirect = It answered with another address ({ $status }), which is not followed. { $answer }
webhook-later = It was not taken now: { $status } { $answer }
webhook-unknown = It broke while it answered: { $status } { $answer }

kind-broadcast = Broadcast
kind-broadcast-about = Writes the same to many: to members by notification or e-mail, or to the addresses or webhooks of a file. Nobody gets it twice.
broadcast-lead = Each recipient gets one message of their own, one after the other. It can be cancelled between two, and what failed can be tried again by itself.
broadcast-title = Broadcast: { $subject }
broadcast-channel = How
broadcast-to = To
audience-all = Everybody
audience-role = A role
audience-project = A project
audience-people = Some people
audience-file = The lines of a file
broadcast-role = Role
broadcast-project = Project
broadcast-no-project = (none)
broadcast-people = People
broadcast-people-hint = Members' e-mail addresses, with commas or line ends between.
broadcast-file = File
broadcast-file-title = To addresses from a file
broadcast-file-hint = One recipient in each row: an e-mail address, or the URL of a webhook.
broadcast-file-next = Use this file
broadcast-of-file = To the lines of
broadcast-to-members = To members instead
broadcast-column = Column of the recipients
broadcast-column-hint = Its name, or its number from 1. Left empty, it is found out.
broadcast-subject = Subject
broadcast-text = Text
broadcast-rate = Recipients a minute
broadcast-rate-hint = Never more than this: mail servers count.
broadcast-look = Show to whom it goes
broadcast-change = Change it
broadcast-would-bell = { $count ->
    [one] One member gets a notification in Milepost.
   *[other] { $count } members get a notification in Milepost.
}
broadcast-would-email = { $count ->
    [one] One member by e-mail.
   *[other] { $count } members by e-mail, each a message of their own.
}
broadcast-would-addresses = { $count ->
    [one] One address by e-mail.
   *[other] { $count } addresses by e-mail, each a message of its own.
}
broadcast-would-webhooks = { $count ->
    [one] One webhook.
   *[other] { $count } webhooks, one after the other.
}
broadcast-takes-moment = It takes less than a minute.
broadcast-takes = It takes about { $took }.
broadcast-against = Nothing would be sent for these lines:
broadcast-against-more = { $count ->
    [one] One more line
   *[other] { $count } more lines
}
broadcast-first = The first of them:
broadcast-send-to = { $count ->
    [one] Send to one
   *[other] Send to { $count }
}
broadcast-once = This was sent already, and is not sent twice. Here is how far it is.
broadcast-once-gone = This was sent already, and is not sent twice. Its job has been removed since.
broadcast-stale = Nothing was sent: this is not what you were shown, or you were shown it in another organisation or more than a day ago. This is what would be sent now.
broadcast-uncertain-title = Not known whether it arrived
broadcast-uncertain-hint = Of some recipients nobody knows whether they got it: the connection broke while it was sent, or Milepost ended. Trying again what failed leaves them out. If you send to them again, some may get it twice.
broadcast-uncertain-send = Send to them again
refused-retry-no-uncertain = Of every recipient of this job it is known whether it arrived, so there is nobody to send to again.
refused-retry-both = Either those of whom it is not known, or what failed: not both in one retry.
refused-retry-waiting = Some recipients still wait for their turn, and would get it too. Run the job again first; then send to those of whom it is not known.
refused-retry-uncertain = Nobody is left of whom it is certain that nothing arrived. Under “Not known whether it arrived” on the job's page you can send to the others again.
refused-retry-lines = What failed are lines that name nobody, and they would fail again. Correct the file and send to these lines in a new broadcast.
broadcast-told = { $channel }
broadcast-nobody = This is nobody: there is no one to write to.
broadcast-too-many = At most { $limit } recipients fit in one broadcast. Split the file.
broadcast-no-column = No column of this file has such addresses in it.
broadcast-twice = It is listed before already.
broadcast-maybe = It may have been sent. { $why }
broadcast-unknown = It may have been sent: Milepost ended just then.
broadcast-gone = They are no member any more: nothing was sent.
broadcast-no-url = This is no address of a webhook: it begins with http:// or https://.
broadcast-long-url = This address is too long for a webhook: at most { $limit } characters.
broadcast-bell-of-file = Notifications in Milepost reach members only: choose e-mail or webhook for a file.
broadcast-webhook-of-members = Members have no webhooks: choose a file with URLs.

account-alarms = Alarms of schedules
account-alarms-mail = Also by e-mail
account-alarms-hint = When a schedule fails or does not come, its admins find a notification in Milepost, once for each time it begins.
alarm-mail-subject = Schedule needs a look: { $title }
alarm-mail-why = Milepost writes this once when it begins, because you asked for alarms by e-mail under Account.

health-mail = Mail password
health-mail-is = { $count ->
    [0] No password for a mail server can be read on its way.
   *[other] The password for the mail server goes over the network unencrypted, or may do so.
}
health-mail-advice = Write smtps:// or ?tls=required in --smtp-url.
health-channels = Channels
health-channels-is = { $count ->
    [0] None failed as a whole in the last day.
    [one] One could not be used when it was last tried, within the last day.
   *[other] { $count } could not be used when they were last tried, within the last day.
}
health-channels-advice = Look at the last broadcast: its error says what the mail server answered. Check --smtp-url. This ends with the next message that gets through, or after a day.
