#!/usr/bin/env python3
"""The other side: two domains with a slave and users each, as components.

The slaves answer pings, relay what their users do, and keep what the room tells to themselves. The
users follow a play. It begins when the first slave is told anything, and goes on when the second
is.
"""

import argparse
import asyncio

from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

ROOM = "wallops@channel.avalon.irc"
USERS = {
    "Wumpus": "argl@killrc.oulubox.irc/laptop",
    "Phaedrus": "phaedrus@killrc.oulubox.irc/phone",
    "Valdis": "valdis@killrc.oulubox.irc/desktop",
    "BigCheese": "rubenro@vesa.yeggmaex.irc/shaver",
    "Efchen": "msa@vesa.yeggmaex.irc/bicycle",
}
X = "<x xmlns='http://jabber.org/protocol/muc'{}"
JOIN = X.format("/>")
JOIN_20 = X.format("><history maxstanzas='20'/></x>")


class Domain(ComponentXMPP):
    def __init__(self, domain, options):
        super().__init__(domain, options.secret, options.host, options.port)
        self.known = asyncio.Event()
        for kind in ("presence", "message", "iq"):
            matcher = MatchXPath("{jabber:component:accept}" + kind)
            self.register_handler(Callback(f"all {kind}", matcher, self.take))

    def take(self, stanza):
        self.known.set()
        if stanza.name == "iq" and stanza["type"] == "get":
            answer = stanza.reply()
            answer["type"] = "result"
            answer.send()


class Play:
    def __init__(self, options):
        names = ("killrc.oulubox.irc", "vesa.yeggmaex.irc")
        self.domains = {name: Domain(name, options) for name in names}
        self.number = 0

    async def sends(self, nick, text):
        user = USERS[nick]
        self.number += 1
        head, _, rest = text.partition(" ")
        domain = self.domains[user.partition("@")[2].partition("/")[0]]
        domain.send_raw(f"{head} from='{user}' id='s{self.number}' {rest}")
        await asyncio.sleep(1)

    async def presence(self, nick, inside="", kind="", to=None):
        kind = kind and f" type='{kind}'"
        text = f"<presence to='{ROOM}/{to or nick}'{kind}>{inside}</presence>"
        await self.sends(nick, text)

    async def says(self, nick, body):
        text = f"<message to='{ROOM}' type='groupchat'><body>{body}</body></message>"
        await self.sends(nick, text)

    async def play(self):
        for domain in self.domains.values():
            domain.connect()
        killrc, vesa = self.domains.values()
        await killrc.known.wait()
        await asyncio.sleep(0.5)
        await self.presence("Wumpus", JOIN)
        await self.says("Wumpus", "Is anybody there?")
        subject = "<subject>The great split</subject>"
        await self.sends("Wumpus", f"<message to='{ROOM}' type='groupchat'>{subject}</message>")
        await vesa.known.wait()
        await asyncio.sleep(0.5)
        await self.presence("Phaedrus", JOIN)
        await self.presence("BigCheese", JOIN_20)
        await self.presence("Efchen", JOIN, to="BigCheese")
        await self.presence("Efchen", JOIN)
        await self.says("BigCheese", "Phaedrus, we&apos;re all having a truly rotten time.")
        await self.says("Phaedrus", "Speak for yourself.")
        await self.presence("Efchen", "<show>away</show><status>tea</status>")
        whisper = f"<message to='{ROOM}/Efchen' type='chat'><body>Milk?</body></message>"
        await self.sends("BigCheese", whisper)
        await self.says("Valdis", "Can you hear me?")
        await asyncio.sleep(15)
        await self.presence("Efchen", "<status>Gone where the goblins go</status>", "unavailable")
        await self.says("Phaedrus", "Where is Efchen?")
        await self.presence("Efchen", JOIN)
        await self.presence("BigCheese", "", "unavailable")
        await self.presence("Phaedrus", "", "unavailable")
        await self.says("Wumpus", "Alone with Efchen.")
        await self.presence("Wumpus", "", "unavailable")
        await self.says("Efchen", "Alone.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5347)
    parser.add_argument("--secret", default="split")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    options = parser.parse_args()

    async def run():
        await Play(options).play()

    loop.run_until_complete(run())


main()
