#!/usr/bin/env python3
"""A master of XEP-0282 with one room, as a component, and its log of what crosses.

It knows its slaves from its arguments. Unless it is told to do things right (--right), it is wrong
in three ways; each stands below with the word WRONG.
"""

import argparse
import asyncio
import copy
from datetime import datetime, timezone
from xml.etree import ElementTree as ET

from slixmpp import JID
from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

DOMAIN = "channel.avalon.irc"
ROOM = f"wallops@{DOMAIN}"
DMUC = "urn:xmpp:tmp:dmuc:0"
MUC = "http://jabber.org/protocol/muc"
USER = "http://jabber.org/protocol/muc#user"
PING = "urn:xmpp:ping"
DELAY = "urn:xmpp:delay"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"


def stamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local(element):
    return element.tag.rpartition("}")[2]


class Slave:
    def __init__(self, jid):
        self.jid = jid
        self.domain = JID(jid).domain
        self.created = False
        self.heard = 0.0


class Occupant:
    def __init__(self, nick, jid, affiliation):
        self.nick = nick
        self.jid = jid
        self.domain = JID(jid).domain
        self.affiliation = affiliation
        self.role = "moderator" if affiliation in ("owner", "admin") else "participant"
        self.payload = []


class Master(ComponentXMPP):
    def __init__(self, options):
        super().__init__(DOMAIN, options.secret, options.host, options.port)
        self.options = options
        self.log_file = open(options.log, "w", encoding="utf-8")
        self.slaves = [Slave(jid) for jid in options.slave]
        self.occupants = {}
        self.history = []
        self.subject = None
        self.pings = 0
        for kind, handler in (
            ("presence", self.on_presence),
            ("message", self.on_message),
            ("iq", self.on_iq),
        ):
            matcher = MatchXPath("{jabber:component:accept}" + kind)
            self.register_handler(Callback(f"all {kind}", matcher, self.logged(handler)))
        self.add_event_handler("session_start", self.begin)

    # What crosses.

    def log(self, sender, receiver, stanza):
        self.log_file.write(f"{stamp()}\t{sender}\t{receiver}\t{stanza}\n")
        self.log_file.flush()

    def logged(self, handler):
        def handle(stanza):
            self.log(stanza["from"].domain, DOMAIN, stanza)
            for slave in self.slaves:
                if slave.domain == stanza["from"].domain:
                    slave.heard = self.loop.time()
            handler(stanza)

        return handle

    def put(self, stanza):
        self.log(DOMAIN, stanza["to"].domain, stanza)
        stanza.send()

    # Slaves.

    def begin(self, _):
        for number, slave in enumerate(self.slaves):
            self.loop.call_later(self.options.between * number, self.create, slave)
        self.keepalive_task = asyncio.ensure_future(self.keepalive())

    def create(self, slave):
        """The roster, the history, the subject."""
        for occupant in self.occupants.values():
            self.put(self.presence(occupant, slave, jid=False))
        for message, author, time in self.history + ([self.subject] if self.subject else []):
            told = copy.deepcopy(message)
            told.append(self.dmuc(ET.Element(f"{{{DMUC}}}history"), delay(author, time)))
            self.put(self.message(told, author, slave.jid))
        slave.created = True
        self.ping(slave)

    def active(self):
        return [slave for slave in self.slaves if slave.created]

    def ping(self, slave):
        self.pings += 1
        iq = self.make_iq_get(ito=slave.jid, ifrom=ROOM)
        iq["id"] = f"ping-{self.pings}"
        iq.append(ET.Element(f"{{{PING}}}ping"))
        slave.heard = self.loop.time()
        self.put(iq)

    async def keepalive(self):
        while True:
            await asyncio.sleep(0.05)
            for slave in self.active():
                if self.loop.time() - slave.heard >= self.options.idle:
                    self.ping(slave)

    def slave_of(self, occupant):
        return next(slave for slave in self.slaves if slave.domain == occupant.domain)

    def has_moderator(self, slave):
        mine = (one for one in self.occupants.values() if one.domain == slave.domain)
        return any(one.role == "moderator" for one in mine)

    # Stanzas.

    @staticmethod
    def dmuc(*children):
        x = ET.Element(f"{{{DMUC}}}x")
        x.extend(children)
        return x

    def presence(self, occupant, slave, jid, gone=False, before=(), codes=()):
        stanza = self.make_presence(
            pto=slave.jid, pfrom=f"{ROOM}/{occupant.nick}", ptype="unavailable" if gone else None
        )
        for element in (*before, *occupant.payload):
            stanza.append(copy.deepcopy(element))
        x = ET.Element(f"{{{USER}}}x")
        role = "none" if gone else occupant.role
        item = ET.SubElement(x, f"{{{USER}}}item", affiliation=occupant.affiliation, role=role)
        if jid:
            item.set("jid", occupant.jid)
        for code in codes:
            ET.SubElement(x, f"{{{USER}}}status", code=code)
        stanza.append(x)
        return stanza

    def message(self, xml, author, to):
        stanza = self.Message(xml=xml)
        stanza["from"] = f"{ROOM}/{author}"
        stanza["to"] = to
        return stanza

    def refuse(self, stanza, kind, condition):
        error = ET.Element("{jabber:component:accept}error", type=kind)
        ET.SubElement(error, f"{{{STANZAS}}}{condition}")
        answer = stanza.reply()
        answer["type"] = "error"
        answer["id"] = stanza["id"]
        answer.append(error)
        self.put(answer)

    # What is told to everybody.

    def tell(self, occupant, gone=False):
        for slave in self.active():
            # WRONG: real JIDs are for slaves with a moderator only.
            jid = self.has_moderator(slave) or not self.options.right
            self.put(self.presence(occupant, slave, jid, gone))

    def tell_entered(self, occupant, limit):
        self.tell(occupant)
        slave = self.slave_of(occupant)
        told = [ET.Element(f"{{{DMUC}}}enter", jid=occupant.jid)]
        if limit is not None:
            told.append(ET.Element(f"{{{DMUC}}}history", limit))
        jid = self.has_moderator(slave)
        before = [self.dmuc(*told)]
        self.put(self.presence(occupant, slave, jid, before=before, codes=("110",)))

    def tell_left(self, occupant):
        slave = self.slave_of(occupant)
        jid = self.has_moderator(slave)
        before = [self.dmuc(ET.Element(f"{{{DMUC}}}leave", jid=occupant.jid))]
        leave = self.presence(occupant, slave, jid, gone=True, before=before, codes=("110",))
        if self.options.right:
            self.put(leave)
        # A moderator who is gone is nobody for whom his slave would need JIDs.
        del self.occupants[occupant.nick]
        self.tell(occupant, gone=True)
        if not self.options.right:
            # WRONG: LEAVE comes before what everybody is told.
            self.put(leave)

    def broadcast(self, stanza, author):
        time = stamp()
        plain = copy.deepcopy(stanza.xml)
        for child in [child for child in plain if child.tag.startswith(f"{{{DMUC}}}")]:
            plain.remove(child)
        if any(local(child) == "subject" for child in plain):
            self.subject = (plain, author.nick, time)
        else:
            self.history.append((plain, author.nick, time))
        for slave in self.active():
            told = copy.deepcopy(plain)
            if self.options.right:
                told.append(self.dmuc(delay(author.nick, time)))
            else:
                # WRONG: the time belongs into the element of XEP-0282.
                told.append(self.dmuc())
                told.append(delay(author.nick, time))
            self.put(self.message(told, author.nick, slave.jid))

    # What comes.

    def occupant_of(self, jid):
        return next((one for one in self.occupants.values() if one.jid == jid), None)

    def on_presence(self, stanza):
        jid, nick = str(stanza["from"]), stanza["to"].resource
        occupant = self.occupant_of(jid)
        if stanza["type"] == "error":
            return
        muc = stanza.xml.find(f"{{{MUC}}}x")
        ours = tuple(f"{{{namespace}}}" for namespace in (MUC, USER, DMUC))
        payload = [child for child in stanza.xml if not child.tag.startswith(ours)]
        if stanza["type"] == "unavailable":
            if occupant is not None:
                occupant.payload = payload
                self.tell_left(occupant)
        elif occupant is not None:
            occupant.payload = payload
            self.tell(occupant)
        elif nick in self.occupants:
            self.refuse(stanza, "cancel", "conflict")
        elif muc is not None:
            affiliation = "owner" if stanza["from"].bare == self.options.owner else "none"
            occupant = Occupant(nick, jid, affiliation)
            occupant.payload = payload
            self.occupants[nick] = occupant
            limit = muc.find(f"{{{MUC}}}history")
            self.tell_entered(occupant, None if limit is None else dict(limit.attrib))

    def on_message(self, stanza):
        if stanza["type"] == "error":
            return
        author = self.occupant_of(str(stanza["from"]))
        nick = stanza["to"].resource
        if author is None:
            self.refuse(stanza, "cancel", "not-acceptable")
        elif not nick:
            self.broadcast(stanza, author)
        elif nick in self.occupants:
            private = copy.deepcopy(stanza.xml)
            self.put(self.message(private, author.nick, self.occupants[nick].jid))
        else:
            self.refuse(stanza, "cancel", "item-not-found")

    def on_iq(self, stanza):
        if stanza["type"] in ("result", "error"):
            return
        if stanza.xml.find(f"{{{PING}}}ping") is not None:
            answer = stanza.reply()
            answer["type"] = "result"
            self.put(answer)
        else:
            self.refuse(stanza, "cancel", "service-unavailable")


def delay(author, time):
    return ET.Element(f"{{{DELAY}}}delay", {"from": f"{ROOM}/{author}", "stamp": time})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5347)
    parser.add_argument("--secret", default="split")
    parser.add_argument("--slave", action="append", required=True, help="the JID of a slave")
    parser.add_argument("--between", type=float, default=4, help="seconds between their creations")
    parser.add_argument("--owner", default="argl@killrc.oulubox.irc", help="the room's owner")
    parser.add_argument("--idle", type=float, default=6, help="seconds of silence until a ping")
    parser.add_argument("--right", action="store_true", help="make no mistakes")
    parser.add_argument("log", help="the plain log to write")
    master = Master(parser.parse_args())
    master.connect()
    master.loop.run_forever()


main()
