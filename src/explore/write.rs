//! From a schedule to the text of a scenario that plays it, and ends with all healed and quiet.

use std::collections::BTreeSet;

use super::Schedule;
use super::act::{Act, Deed, Fault, Machine, Manner, Setting, Ways};
use super::stage::{NICKS, ROOM, Stage, probe};

/// The text of a scenario. What makes no sense any more, because something before it was taken out
/// (a restart of what runs, a word of somebody who is not there), is left out.
pub(super) fn write(schedule: &Schedule) -> String {
    let stage = &schedule.stage;
    let mut lines = Lines {
        stage,
        text: String::new(),
        indent: "",
        offline: BTreeSet::new(),
        down: BTreeSet::new(),
        held: false,
        dark: false,
    };
    for act in &schedule.acts {
        lines.act(act);
    }
    lines.end();
    let profile = stage.profile.name();
    let seed = schedule.seed;
    format!(
        "# Schedule {seed}\n\n## profile: {profile}\n## seed: {seed}\n\n{}-----\n\n{}",
        stage.sections(),
        lines.text
    )
}

struct Lines<'a> {
    stage: &'a Stage,
    text: String,
    /// That of a block of lines that happen in one go.
    indent: &'static str,
    /// Clients without a stream.
    offline: BTreeSet<usize>,
    /// Machines that do not run.
    down: BTreeSet<Machine>,
    /// Whether a link may be held.
    held: bool,
    /// Whether one may be dead without anybody's knowledge.
    dark: bool,
}

impl Lines<'_> {
    fn line(&mut self, line: &str) {
        self.text += self.indent;
        self.text += line;
        self.text.push('\n');
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Do(who, deed) => self.deed(*who, *deed),
            Act::Fault(fault) => self.fault(*fault),
            Act::Wait(0) => {}
            Act::Wait(span) => self.line(&format!("wait {}", duration(*span))),
            Act::Meanwhile(acts) => {
                let before = self.text.len();
                self.line("meanwhile");
                let start = self.text.len();
                self.indent = "\t";
                for act in acts {
                    self.act(act);
                }
                self.indent = "";
                if self.text.len() == start {
                    self.text.truncate(before);
                }
            }
        }
    }

    fn deed(&mut self, who: usize, deed: Deed) {
        let stage = self.stage;
        let is_here = |who: usize| stage.is_here(who);
        if !is_here(who) || deed.whom().is_some_and(|whom| !is_here(whom)) {
            return;
        }
        if self.down.contains(&Machine::Server(stage.people[who].place)) {
            return;
        }
        let leaves_nothing = matches!(deed, Deed::Lose | Deed::Disconnect);
        if self.offline.contains(&who) {
            if leaves_nothing {
                return;
            }
            self.offline.remove(&who);
            self.line(&format!("{} connects", stage.name(who)));
            if !self.indent.is_empty() {
                // It is not connected before the block goes on.
                return;
            }
        }
        if leaves_nothing {
            self.offline.insert(who);
        }
        let line = self.words(who, deed);
        self.line(&line);
    }

    fn words(&self, who: usize, deed: Deed) -> String {
        let name = |who: usize| self.stage.name(who);
        let nick = |nick: usize| NICKS[nick % NICKS.len()];
        let does = match deed {
            Deed::Join => "joins wallops".to_owned(),
            Deed::JoinAs(liked) => format!("joins wallops as \"{}\"", nick(liked)),
            Deed::Leave => "leaves".to_owned(),
            Deed::Say(number) => format!("says \"message {number}\""),
            Deed::Twice(number) => self.twice(number),
            Deed::Away(number) => format!("is away \"away {number}\""),
            Deed::Back => "is back".to_owned(),
            Deed::Tell(whom, number) => format!("tells {} \"private {number}\"", name(whom)),
            Deed::Rename(number) => format!("becomes \"nick {number}\""),
            Deed::RenameTo(liked) => format!("becomes \"{}\"", nick(liked)),
            Deed::Subject(number) => format!("sets the subject to \"subject {number}\""),
            Deed::Kick(whom) => format!("kicks {}", name(whom)),
            Deed::Grant(whom, privilege) => {
                format!("grants {} {}", name(whom), privilege.word())
            }
            Deed::Configure(setting) => format!("configures {}", Setting::words(setting)),
            Deed::Lose => "loses its connection".to_owned(),
            Deed::Disconnect => "disconnects".to_owned(),
            Deed::Vcard(whom) => format!("asks {} for his vcard", name(whom)),
            Deed::PingItself => "pings itself".to_owned(),
        };
        format!("{} {does}", name(who))
    }

    fn twice(&self, number: u32) -> String {
        let message = |letter: char| {
            format!(
                "\n{0}\t<message to=\"{ROOM}\" type=\"groupchat\" id=\"{letter}{number}\">\
                 \n{0}\t\t<body>message {number}{letter}</body>\n{0}\t</message>",
                self.indent
            )
        };
        format!("sends:{}{}", message('a'), message('b'))
    }

    fn fault(&mut self, fault: Fault) {
        let stage = self.stage;
        match fault {
            Fault::Cut(place, ..)
            | Fault::Hold(place, ..)
            | Fault::Slow(place, ..)
            | Fault::Heal(place)
                if !stage.is_there(place) => {}
            // Who is served directly is a ghost when he cannot be reached, as in every room.
            Fault::Cut(place, ..) if !stage.has_slave(place) => {}
            Fault::Cut(place, ways, manner) => {
                self.release();
                self.dark |= manner == Manner::Silently;
                self.line(&format!("cut {} {}", self.link(place, ways), manner.word()));
            }
            Fault::Hold(place, ways, seconds) => {
                self.find_out();
                self.held = true;
                self.line(&format!("hold {} for {seconds}s", self.link(place, ways)));
            }
            Fault::Slow(place, ways, span) => {
                self.line(&format!("slow {} to {}", self.link(place, ways), duration(span)));
            }
            Fault::Heal(place) => {
                self.find_out();
                self.line(&format!("heal {}", self.link(place, Ways::Both)));
            }
            Fault::HealEverything => self.heal_everything(),
            Fault::Crash(machine) => self.crash(machine),
            Fault::Restart(machine) => self.restart(machine),
        }
    }

    /// Without numbers, a link that is held is released before something is cut: what a dying
    /// stream holds is lost without anybody's knowledge, and nothing promises to repair that.
    fn release(&mut self) {
        if !self.stage.is_numbered() && std::mem::take(&mut self.held) {
            self.heal_everything();
            self.line("wait 1s");
        }
    }

    fn heal_everything(&mut self) {
        self.find_out();
        self.line("heal everything");
    }

    /// Without numbers, no link is healed before both sides must have found out that it was dead:
    /// a loss that nobody noticed is not repaired.
    fn find_out(&mut self) {
        if !self.stage.is_numbered() && std::mem::take(&mut self.dark) {
            self.line("wait 220s");
        }
    }

    fn link(&self, place: usize, ways: Ways) -> String {
        let label = self.stage.label(place);
        match ways {
            Ways::Both => format!("{label} from channel"),
            Ways::Up => format!("{label} -> channel"),
            Ways::Down => format!("channel -> {label}"),
        }
    }

    /// Whether this machine is one of those that the schedule has; the server of a machine that is
    /// down takes it with it.
    fn can_change(&self, machine: Machine) -> bool {
        match machine {
            Machine::Slave(place) => {
                self.stage.has_slave(place) && !self.down.contains(&Machine::Server(place))
            }
            Machine::Server(place) => self.stage.has_slave(place),
            Machine::Master => !self.down.contains(&Machine::MastersServer),
            Machine::MastersServer => true,
        }
    }

    fn crash(&mut self, machine: Machine) {
        if !self.can_change(machine) || self.down.contains(&machine) {
            return;
        }
        self.release();
        if !self.stage.is_numbered() && matches!(machine, Machine::Master | Machine::MastersServer)
        {
            // A master without memory must have all its slaves in reach.
            self.heal_everything();
            for machine in std::mem::take(&mut self.down) {
                self.line(&format!("restart {}", self.machine(machine)));
            }
            self.line("wait until quiet");
        }
        self.line(&format!("crash {}", self.machine(machine)));
        match machine {
            Machine::Server(place) => {
                self.down.remove(&Machine::Slave(place));
                let its = |who: &usize| self.stage.people[*who].place == place;
                self.offline.extend(self.stage.cast().filter(its));
            }
            Machine::MastersServer => {
                self.down.remove(&Machine::Master);
            }
            Machine::Slave(_) | Machine::Master => {}
        }
        self.down.insert(machine);
    }

    fn restart(&mut self, machine: Machine) {
        if self.can_change(machine) && self.down.remove(&machine) {
            self.line(&format!("restart {}", self.machine(machine)));
            if !self.stage.is_numbered() {
                self.line("wait 1s");
            }
        }
    }

    fn machine(&self, machine: Machine) -> String {
        match machine {
            Machine::Slave(place) => format!("the slave {}", self.stage.label(place)),
            Machine::Server(place) => self.stage.label(place).to_owned(),
            Machine::Master => "the master".to_owned(),
            Machine::MastersServer => "channel".to_owned(),
        }
    }

    /// Everything works again; after a while everybody knows that; then somebody enters at each
    /// place.
    fn end(&mut self) {
        self.heal_everything();
        for machine in std::mem::take(&mut self.down) {
            self.line(&format!("restart {}", self.machine(machine)));
        }
        self.line(&format!("wait {}", duration(self.stage.settling())));
        self.line("wait until quiet");
        if self.stage.probed {
            for place in self.stage.everywhere() {
                self.line(&format!("{} joins wallops", probe(place)));
            }
        }
        self.line(&format!("wait {}s", 2 * self.stage.timers().keepalive + 30));
        self.line("The roster is the same everywhere");
        self.line("The history is the same everywhere");
    }
}

impl Stage {
    /// How long it takes at most until a healed network is whole again, in milliseconds: a stream
    /// that was dialled into silence, pings while split with flap damping, back-off of a
    /// registration, and what it takes on the way.
    fn settling(&self) -> u64 {
        let timers = self.timers();
        let idle = timers.keepalive * 3 / 2 + 3 * timers.timeout;
        let seconds = 30 + idle + timers.split * 3 + 60;
        (seconds * 1000 + 32 * self.latency_max()).next_multiple_of(1000)
    }
}

fn duration(milliseconds: u64) -> String {
    match milliseconds {
        whole if whole.is_multiple_of(1000) => format!("{}s", whole / 1000),
        other => format!("{other}ms"),
    }
}
