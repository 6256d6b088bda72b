# People: setup, sign-in, invitations, members, projects, settings, account.
