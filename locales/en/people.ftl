# People: setup, sign-in, invitations, members, projects, settings, account.

field-organisation = Organisation
field-own-name = Your name
field-email = E-mail
field-password = Password
field-new-password = New password
field-current-password = Present password
field-password-hint = At least { $count } characters. Several words are easy to remember and hard to guess.
field-role = Role
field-zone = Time zone
field-zone-hint = For example Europe/Berlin. Due dates end at midnight there.
field-language = Language
field-theme = Appearance

save = Save
copy-link = Copy
confirm-keep = Leave as it is

role-owner = Owner
role-admin = Admin
role-member = Member
role-hint = Admins assign work, see everything and manage people. Owners can also change other owners.
role-submit = Change role

presence-active = Active
presence-idle = Idle
presence-offline = Offline
presence-state = State
presence-from = From
presence-until = Until
presence-source = Known from
presence-source-pages = Using the pages
presence-source-declared = Your own word

setup-title = Set up Milepost
setup-lead = Name your organisation and make the first account. It owns everything; you can invite others next.
setup-submit = Set up and sign in

sign-in-title = Sign in to Milepost
sign-in-submit = Sign in
sign-in-forgot = Forgot your password? An admin of your organisation can make you a link to set a new one.

demo-line = Look around as one of two people:
demo-admin = As the admin
demo-member = As an employee

invitation-title = You are invited
invitation-organisation = Join
invitation-has-account = You have an account with this address. Give its password to join.
invitation-submit = Join and sign in
invitation-until = link works until
invitation-revoke = Revoke
invitation-revoked = The invitation is revoked. Its link no longer works.

dead-link-title = This link no longer works
dead-link-lead = It was used already, was revoked, or is too old. Ask whoever gave it to you for a new one.

reset-title = Set a new password
reset-submit = Set password and sign in
reset-done = Your new password is set.

people-title = People
people-lead = { $count ->
    [one] { $count } member. Invite the others: they get a link and choose their own password.
   *[other] { $count } members
}
people-name = Name
people-load = Open tasks
people-actions = Actions
people-manage = Manage
people-back = All people
people-invited = Invited
people-invite = Invite someone
invite-hint = You get a link to pass on by chat or mail. It works once.
invite-submit = Make the link
invite-made = Here is the link. Copy it now: it is not shown again.
invite-made-hint = { $count ->
    [one] It works once, within { $count } day.
   *[other] It works once, within { $count } days.
}
invite-link = Invitation link

member-deactivated = Deactivated
member-role-changed = The role is changed.
member-deactivated-now = The member is deactivated. Their history stays.
member-reactivated = The member can sign in again.
deactivate-title = Deactivate
deactivate-hint = They are signed out everywhere at once and cannot sign in here. Their tasks and history stay, and you can reactivate them at any time.
deactivate-load = { $count ->
    [one] { $count } open task stays assigned to them.
   *[other] { $count } open tasks stay assigned to them.
}
deactivate-begin = Deactivate…
deactivate-submit = Deactivate now
reactivate-title = Reactivate
reactivate-hint = They can sign in again with the password they had.
reactivate-submit = Reactivate
reset-link-title = Lost password
reset-link-hint = Make a link by which this person sets a new password. Pass it only to them.
reset-link-submit = Make the link
reset-link = Password link
reset-link-made = Here is the link. Copy it now: it is not shown again.
reset-link-made-hint = { $count ->
    [one] It works once, within { $count } hour.
   *[other] It works once, within { $count } hours.
}

projects-title = Projects
projects-lead = A project groups tasks. Its members can see its tasks if your organisation allows it.
projects-empty = No projects yet
projects-empty-hint = Make one to group tasks that belong together. Tasks do not need one.
projects-back = All projects
project-new = New project
project-name = Project name
project-create = Create
project-created = The project is created.
project-saved = The project is saved.
project-members = Members
project-members-hint = Who works in this project
project-rename = Name
project-archive = Archive
project-archive-hint = It keeps its tasks and is no longer offered for new ones. You can restore it.
project-archived = Archived
project-archived-now = The project is archived.
project-restore = Restore
project-restore-hint = The project is offered for new tasks again.
project-restored = The project is restored.

settings-title = Settings
settings-lead = What holds for everyone in this organisation.
settings-members-see = Members see all tasks of the projects they are in
settings-saved = The settings are saved.
organisation-another = Another organisation
organisation-another-hint = It is quite apart from this one: other people, other tasks. You own it, and switch between the two in the menu.
organisation-another-name = Its name
organisation-create = Make the organisation
organisation-created = The organisation is made. Invite its people next.

account-title = Your account
account-name = Name
account-saved = Saved.
account-preferences = How pages look
account-zone-hint = Empty: the organisation’s zone, { $zone }.
account-password = Password
account-password-submit = Change password
account-password-hint = You are signed out on all other devices.
account-password-changed = Your password is changed. Other devices are signed out.
account-sessions = Where you are signed in
account-presence = What is recorded about your presence
account-presence-hint = Milepost notes when you use its pages: active, idle after five minutes without a sign of use, offline after fifteen. Nothing else on your device is watched. Your colleagues see the present state; this list is yours.
account-presence-none = Nothing is recorded yet.
language-browser = As the browser asks
session-current = This one
session-since = since
session-seen = last seen
session-end = Sign out
session-ended = That session is signed out.
session-unknown = Unknown browser
sessions-end-others = Sign out everywhere else
sessions-ended = { $count ->
    [0] You were not signed in anywhere else.
    [one] { $count } other session is signed out.
   *[other] { $count } other sessions are signed out.
}

tokens-title = API tokens
tokens-hint = A program that shows such a token acts as you, here in { $organisation }, with the role that you have at the moment.
tokens-docs = How programs use them
tokens-organisation-title = The organisation’s API tokens
tokens-organisation-hint = For programs that are nobody’s own. Each acts in its own name, and works on when whoever made it leaves.
token-name = Token name
token-name-hint = What it is for, such as “Nightly import”
token-scopes = What it may do
scope-read = Read
scope-read-hint = See tasks, their history and the live stream
scope-report = Report
scope-report-hint = Create jobs, report on them, end, cancel and retry them, and comment
scope-work = Work
scope-work-hint = Take queued jobs, and all that reporting allows
scope-admin = Admin
scope-admin-hint = Everything else that admins do
scope-admin-organisation-hint = Act as an admin: see all tasks, and do what only admins do
token-expires = Works until
token-expires-hint = To the end of this day. Empty: until it is revoked.
token-create = Make the token
token-made = Here is the token. Copy it now: it is not shown again.
token-made-hint = Programs send it in a header: Authorization: Bearer, then the token.
token-secret = Token
token-expired = Expired
token-used = last used
token-unused = not used yet
token-until = works until
token-endless = works until it is revoked
token-by = made by
token-revoke-begin = Revoke…
token-revoke-title = Revoke a token
token-revoke-hint = Programs that use it are refused from now on, and their streams end. This cannot be undone.
token-revoke-submit = Revoke now
token-revoked = The token is revoked. It no longer works.
