//! How the invariants are judged.

use super::Explanation;

#[rustfmt::skip]
pub(super) const ROWS: [Explanation; 45] = [
    Explanation { id: "INV-FIFO",
        judged: "For each reader, what one author said comes in the order in which he said it.",
        kept: "BigCheese says \"one\", then \"two\". Everybody hears \"one\" first.",
        broken: "Wumpus hears \"two\", and \"one\" after it." },
    Explanation { id: "INV-TOTAL-ORDER",
        judged: "The messages that two readers have both heard as live are in one order for both.",
        kept: "WiZ and BigCheese speak at the same moment. WiZ comes first for the three on \
               killrc, and so he does for the two on vesa.",
        broken: "On killrc WiZ comes first, on vesa BigCheese: the two read different \
                 conversations." },
    Explanation { id: "INV-GAPLESS",
        judged: "What a slave that registers passes on has the number after the last, or what is between was told before.",
        kept: "The slave of vesa has passed event 7 on; the next that it shows its users is 8. If \
               8 was lost, it shows 9 only after it has asked for 8.",
        broken: "After event 7 the slave of vesa shows 9, and nobody there ever learns what 8 was." },
    Explanation { id: "INV-SAME-COPY",
        judged: "All copies of an event, for whichever slave, are compared, without address, JIDs and codes about oneself.",
        kept: "WiZ says \"hello\". What goes to slave@killrc and what goes to slave@vesa differ \
               in `to` only.",
        broken: "The copy for slave@vesa says \"hullo\", or lacks the id that the other has." },
    Explanation { id: "INV-NO-DUP",
        judged: "For each reader each event is counted within one stay.",
        kept: "After a split the master tells slave@vesa again what it may have missed; Efchen, \
               who had heard it before, is not shown it again.",
        broken: "Efchen reads the same line twice without having left in between." },
    Explanation { id: "INV-ENTER",
        judged: "Whoever is told anything of the room was entered before, or let in by a split slave that may; and was told that he is out, if the room is another one by now.",
        kept: "BigCheese asks to enter. The master sends his slave an ENTER for \
               rubenro@vesa.yeggmaex.irc/shaver, and only then does the slave tell him who is \
               there.",
        broken: "While BigCheese waits for his ENTER, his slave already passes on to him what WiZ says." },
    Explanation { id: "INV-AFTER-LEAVE",
        judged: "After his farewell a user is told nothing until he has asked again.",
        kept: "Efchen leaves, and gets an unavailable presence with code 110. After that nothing \
               of the room comes.",
        broken: "After that presence Efchen is sent one more line of WiZ's." },
    Explanation { id: "INV-ONE-110",
        judged: "Code 110 stands in the presences that are about their reader, and only there.",
        kept: "BigCheese enters. His own presence has code 110 as he is sent it; as Efchen is \
               sent it, it has not.",
        broken: "Efchen is sent the presence of BigCheese with code 110, and takes it for the own \
                 one." },
    Explanation { id: "INV-JOIN-ORDER",
        judged: "What a newcomer is told is sorted: others, himself, old messages, subject, then what happens.",
        kept: "BigCheese enters. He is sent the six others, himself, four old messages, the \
               subject, and then what WiZ says now.",
        broken: "What WiZ says now comes before the subject, among the old messages." },
    Explanation { id: "INV-JID-SLAVE",
        judged: "While a room hides JIDs, what goes to a slave without a moderator is searched for them.",
        kept: "Troy goes away for lunch, and the master tells all slaves. slave@killrc serves \
               Wumpus, a moderator: its copy has jid='troy@eris.dclxvii.irc/screwdriver'. \
               slave@vesa serves BigCheese and Efchen, who moderate nothing: its copy has no jid.",
        broken: "The copy for slave@vesa has <item jid='troy@eris.dclxvii.irc/screwdriver'/> too; \
                 or Wumpus kicks somebody, and the <actor/> in the copy for slave@vesa has a jid." },
    Explanation { id: "INV-JID-USER",
        judged: "While a room hides JIDs, what a user who does not moderate is told is searched for others'.",
        kept: "Troy goes away. slave@killrc was told his real JID; it leaves it in the copy for \
               Wumpus, who moderates, and takes it off those for Valdis and Phaedrus.",
        broken: "Valdis, who does not moderate, is sent <item \
                 jid='troy@eris.dclxvii.irc/screwdriver'/>." },
    Explanation { id: "INV-TRANSPARENT",
        judged: "What users are sent is searched for elements of the protocol and addresses of slaves.",
        kept: "What BigCheese is sent of a message is what a plain room would send: from the \
               author's occupant JID, with the body and the id.",
        broken: "What BigCheese is sent still has <x xmlns='urn:xmpp:tmp:dmuc:0'/> in it, or an error names slave@vesa.yeggmaex.irc as the one that it is by." },
    Explanation { id: "INV-DOMAIN",
        judged: "A slave is sent things by its master, and sends things to its master and its own users.",
        kept: "slave@vesa sends to the master on channel, and to users of vesa.yeggmaex.irc.",
        broken: "slave@vesa sends something to slave@eris, or the master asks it to ENTER squit@eris.dclxvii.irc/jupiter, who is no user of vesa." },
    Explanation { id: "INV-QUIET-M",
        judged: "What a master sends a slave between loss and the answer to a ping.",
        kept: "vesa is cut off, and the master has noticed. Until slave@vesa answers a ping, \
               pings are all that the master sends it.",
        broken: "What WiZ says meanwhile is sent to slave@vesa nevertheless." },
    Explanation { id: "INV-QUIET-S",
        judged: "What a slave sends for its users between loss and netjoin.",
        kept: "slave@vesa has lost its master. BigCheese says something; he is told that it did \
               not get through, or his slave keeps it for later.",
        broken: "The slave passes what BigCheese says on to the master as if all were well." },
    Explanation { id: "INV-NICK-UNIQUE",
        judged: "When somebody is announced, nobody else has that nick.",
        kept: "Phaedrus has that nick. Troy asks for it too, and is answered with the error \
               `conflict`.",
        broken: "Troy and Phaedrus are both announced as wallops@channel.avalon.irc/Phaedrus at the same time." },
    Explanation { id: "INV-NICK-HELD",
        judged: "While a slave is lost, nicks of its people are given to nobody until it is given up.",
        kept: "vesa is cut off with Efchen behind it. Somebody on eris asks for the nick Efchen, \
               and is answered with `conflict`.",
        broken: "Somebody on eris gets the nick Efchen. When vesa is back there are two of them." },
    Explanation { id: "INV-NO-VANISH",
        judged: "Whose departure is announced has left, lost his connection, was expelled, or is behind a slave that was given up.",
        kept: "vesa is cut off for a minute. For Wumpus and the others BigCheese and Efchen stay \
               in the room all the time.",
        broken: "A second after the cut Wumpus is told that BigCheese has left." },
    Explanation { id: "INV-NO-ESCALATION",
        judged: "Privileges that appear after a netjoin are ones that the master has given.",
        kept: "While vesa is cut off, Viper enters there alone and makes himself a moderator as \
               far as his slave would let him. After the netjoin he is a participant, as he would \
               be without the split.",
        broken: "After the netjoin Viper is shown as a moderator, though the master has made him none." },
    Explanation { id: "INV-EXPELLED",
        judged: "After a netjoin nobody is in who was kicked or banned meanwhile, unless he has asked to enter since.",
        kept: "WiZ kicks BigCheese while vesa is cut off. When it is back, BigCheese is told so \
               with code 307, and is out.",
        broken: "When vesa is back, BigCheese is still in the room and goes on talking." },
    Explanation { id: "INV-STAY",
        judged: "Who is told that he is out, by a slave that is alone, has caused that himself or was kicked there.",
        kept: "vesa is cut off. BigCheese and Efchen stay in the room as they see it, and leave \
               it if they want to.",
        broken: "As soon as slave@vesa notices the cut, it tells both that they are out of the \
                 room." },
    Explanation { id: "INV-JUSTIFIED",
        judged: "What a slave tells its users is compared with what has come to it, and with what it may say while split.",
        kept: "The master sends slave@vesa what WiZ says; the slave tells BigCheese and Efchen \
               the same words, under the same nick.",
        broken: "The slave tells BigCheese and Efchen something that no stanza of the master's has said: other words, or that somebody has left who has not." },
    Explanation { id: "INV-HISTORY-TRUE",
        judged: "Each old message was once said under that nick, with that content.",
        kept: "BigCheese enters, and is shown \"Honest! He did!!\" by Trillian, which Trillian \
               has said.",
        broken: "BigCheese is shown a line that nobody has said, or that line as if BlondeBoy had said it." },
    Explanation { id: "INV-STAMP",
        judged: "Each stamp is when the master received the message; a late one when it was said, as far as that can be true. What a slave has missed is told with its stamp.",
        kept: "The master got a message at 23:58:37.021. Whoever enters later, on whichever \
               server, reads 23:58:37.021 beside it.",
        broken: "Newcomers on vesa read 23:58:39, because their slave has put its own clock in." },
    Explanation { id: "INV-AUTH",
        judged: "What is told under a nick was sent by a session that has it.",
        kept: "rubenro@vesa.yeggmaex.irc/shaver sends a message, and all hear it from BigCheese, \
               which is his nick.",
        broken: "A message of msa@vesa.yeggmaex.irc/bicycle, who is Efchen, is heard from \
                 BigCheese." },
    Explanation { id: "INV-NO-ERROR-LOOP",
        judged: "No error leaves a host because of an error that came to it.",
        kept: "A stanza comes back to the master as an error. The master takes note, and sends \
               nothing for it.",
        broken: "The master answers the error with an error, which comes back again, and so on." },
    Explanation { id: "LIVE-LEAVE",
        judged: "After unavailable presence from somebody inside a farewell comes in time.",
        kept: "Efchen sends unavailable presence, and within a round trip to the master is sent \
               one with code 110; at once, from the slave, if vesa is cut off.",
        broken: "Efchen's client waits for ever, and does not know whether it is out." },
    Explanation { id: "LIVE-JOIN",
        judged: "After a request to enter an error or the room comes in time.",
        kept: "BigCheese asks to enter, and soon is sent who is in the room; or an error, such as \
               `not-authorized` without the password.",
        broken: "BigCheese asks to enter, nothing comes, and his client waits." },
    Explanation { id: "LIVE-DELIVER",
        judged: "While all is well, each occupant hears each message within 1.5 round trips.",
        kept: "Hosts are 20 ms apart. What BigCheese says at one instant Wumpus hears 41 ms \
               later.",
        broken: "Wumpus hears it a second later although nothing is wrong, or never." },
    Explanation { id: "LIVE-NO-SILENT-LOSS",
        judged: "Each message reaches everybody who was in the room, or its author is told that it did not.",
        kept: "What BigCheese says as vesa is cut off does not get through; he is told so with \
               `remote-server-timeout`, or it is heard after the netjoin.",
        broken: "Nobody but BigCheese ever sees what he has said, and he believes that all have heard it." },
    Explanation { id: "LIVE-DETECT",
        judged: "After a link has begun to lose everything both ends count the other as lost in time.",
        kept: "The link to vesa dies without a word. Two pings later both the master and \
               slave@vesa count each other as lost.",
        broken: "An hour later slave@vesa still takes itself for together with a master of which \
                 it has heard nothing." },
    Explanation { id: "LIVE-HEAL",
        judged: "After the last fault is mended master and slave are together in time.",
        kept: "The link to vesa is mended; some seconds later, with the next ping, master and \
               slave@vesa are together again.",
        broken: "The link to vesa is mended, and neither of them asks for the other: vesa stays cut off for ever." },
    Explanation { id: "LIVE-CONV-ROSTER",
        judged: "When all has been well and quiet for long enough, what each occupant was told, of himself too, is compared with who is there.",
        kept: "After a split, when all is quiet, everybody sees the same seven people with the \
               same roles.",
        broken: "Efchen has left; Valdis still sees Efchen in the room, an hour later." },
    Explanation { id: "LIVE-CONV-HISTORY",
        judged: "What a newcomer at rest reads is the end of what the master has.",
        kept: "After a split somebody enters on killrc and somebody on vesa. Both read the same \
               last messages in the same order.",
        broken: "Who enters on vesa lacks a line that was said during the split." },
    Explanation { id: "LIVE-SYNC-TERMINATES",
        judged: "Each netjoin that begins comes to its `synced`, or to another loss.",
        kept: "slave@vesa registers again, is accepted, is told what it has missed, and then that \
               this was all (<synced/>).",
        broken: "slave@vesa is accepted, and the end never comes; or it is told the same things again and again." },
    Explanation { id: "LIVE-AWAY-UNDONE",
        judged: "At rest nobody is shown as away who has not said so.",
        kept: "While vesa is cut off, its slave shows those elsewhere as away. When it is back, \
               they are shown as they are.",
        broken: "An hour after the netjoin WiZ, who is at his desk, is still shown as away on \
                 vesa." },
    Explanation { id: "LIVE-CALM",
        judged: "While nobody acts and nothing fails, nothing but pings crosses.",
        kept: "Nobody acts all night: each master and slave exchange a ping now and then, and \
               users are told nothing.",
        broken: "Every minute slave@vesa registers anew, or users are told again who is in the \
                 room." },
    Explanation { id: "LIVE-QUEUE-EMPTY",
        judged: "At rest everything that was sent to the room has come there or back.",
        kept: "What BigCheese said while vesa was cut off has come to the master after the \
               netjoin, or back to him as an error.",
        broken: "An hour after the netjoin, what BigCheese said still waits at his slave." },
    Explanation { id: "COST-BROADCAST",
        judged: "What crosses for a message or a presence: one for each slave and each occupant without a slave.",
        kept: "WiZ says something. One stanza goes from his server to the master, three from the \
               master: to the slaves of killrc, eris and vesa.",
        broken: "Seven stanzas go from the master, one for each occupant, as without slaves; or two to one slave." },
    Explanation { id: "COST-JOIN",
        judged: "What crosses for an arrival: one for each slave and each occupant without a slave, and an ENTER.",
        kept: "BigCheese enters. The master sends his presence to the three slaves, and an ENTER \
               to his: four stanzas.",
        broken: "Besides, the master sends BigCheese's slave all of the roster or of the history, which it has already." },
    Explanation { id: "COST-LEAVE",
        judged: "What crosses for a departure: one for each slave and each occupant without a slave, and a LEAVE.",
        kept: "Efchen leaves. The master sends a LEAVE to slave@vesa, and the departure to the \
               three slaves: four stanzas.",
        broken: "One of the slaves is told of the departure twice." },
    Explanation { id: "COST-CAST",
        judged: "A test of the project counts what crosses between the servers of that cast; of any record COST-BROADCAST and COST-JOIN are judged.",
        kept: "BigCheese, one of the seven, speaks, and four stanzas cross between servers.",
        broken: "BigCheese, one of the seven, speaks, and eight stanzas cross, as without slaves." },
    Explanation { id: "COST-IDLE",
        judged: "What crosses while nobody acts: a ping and its answer in each interval.",
        kept: "Nobody says anything for an hour. Between the master and each slave a ping and its \
               answer cross once a minute.",
        broken: "Nobody says anything, and two pings cross every second." },
    Explanation { id: "COST-SPLIT",
        judged: "What crosses between two that have lost one another: pings, no closer than agreed.",
        kept: "vesa is cut off. The master pings slave@vesa every five seconds, and sends nothing \
               else; so does the slave.",
        broken: "Master and slave send hundreds of pings a minute, or ask again who is in the room." },
    Explanation { id: "COST-STORE",
        judged: "What a netjoin tells is bounded by what has happened since, and by what the slave may keep.",
        kept: "During the split two lines were said. After it slave@vesa is told these two, and \
               what has changed of who is there.",
        broken: "slave@vesa is told all of the history and all of the roster, after each split." },
];
