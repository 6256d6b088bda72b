"""A mail server for the tests: it takes mail on a free port of this machine, whose number it prints, and appends each message
that it took to a file, durably, before it says so. `mail.py FILE SEED TROUBLES`: with TROUBLES at 0 only addresses have
troubles of their own (nobody@, later@, cut@); above it, it refuses and breaks off at random, in so many of a hundred steps.
It ends with its standard input. With three more arguments, `HOW CERTIFICATE KEY`, it takes mail only from ada with her
password, and only encrypted: by STARTTLS (HOW is `starttls`), or from the first byte (`wrapped`).
"""

import asyncio
import email
import email.policy
import json
import os
import random
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Mails:
    def __init__(self, path, seed, troubles):
        self.file = open(path, "a", encoding="utf-8")
        self.random = random.Random(seed)
        self.troubles = troubles

    def is_troubled(self):
        return self.random.randrange(100) < self.troubles

    def breaks_off(self, server):
        server.transport.abort()
        return "421 broken off"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.is_troubled():
            return self.breaks_off(server)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 There is nobody of this name"
        if address.startswith("later@") or self.is_troubled():
            return "450 4.2.1 Come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.is_troubled():
            return "452 4.3.1 There is no room"
        if self.is_troubled():
            return self.breaks_off(server)
        self.keep(envelope, session)
        if envelope.rcpt_tos[0].startswith("cut@") or self.is_troubled():
            return self.breaks_off(server)
        return "250 OK"

    def keep(self, envelope, session):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [name.lower() for name in message.keys()],
            "subject": message["subject"],
            "message_id": message["message-id"],
            "text": message.get_content().replace("\r\n", "\n"),
            "signed_in_as": session.auth_data,
        }
        self.file.write(json.dumps(kept) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


def sign_in(server, session, envelope, mechanism, given):
    if (given.login, given.password) == (b"ada", b"p@ss word"):
        return AuthResult(success=True, auth_data="ada")
    return AuthResult(success=False, handled=False)


async def main():
    path, seed, troubles = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    mails = Mails(path, seed, troubles)
    loop = asyncio.get_running_loop()
    more, wrapped = {}, None
    if len(sys.argv) > 4:
        how, certificate, key = sys.argv[4:]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        more = {"authenticator": sign_in, "auth_required": True, "auth_require_tls": how == "starttls"}
        if how == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        else:
            wrapped = context
    server = await loop.create_server(lambda: SMTP(mails, enable_SMTPUTF8=True, **more), "127.0.0.1", 0, ssl=wrapped)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
