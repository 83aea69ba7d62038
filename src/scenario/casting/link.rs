//! `[Link] vesa.yeggmaex.irc <-> channel.avalon.irc`

use super::super::ast::Direction;
use super::super::cast::Link;
use super::super::mistake::Wrong;
use super::super::names::Names;
use super::super::sections::Section;
use super::super::values;
use super::Casting;
use crate::time::Duration;

impl Casting<'_> {
    pub(super) fn link(&mut self, section: &Section) {
        let latency = self.value(section, "latency", values::duration);
        let jitter = self.value(section, "jitter", values::duration);
        match self.directions(&section.name) {
            Ok(directions) => self.cast.links.push(Link {
                span: section.span,
                directions,
                latency,
                jitter: jitter.unwrap_or(Duration::ZERO),
            }),
            Err(wrong) => self.flaw(wrong, section.span, section.file),
        }
    }

    fn directions(&self, name: &str) -> Result<Vec<Direction>, Wrong> {
        let words: Vec<&str> = name.split(' ').collect();
        let [one, arrow @ ("->" | "<->"), other] = words[..] else {
            return Err(values::bad(name, "a link", "vesa.yeggmaex.irc <-> channel.avalon.irc"));
        };
        let names = Names::new(&self.cast, self.gaps);
        let (from, to) = (names.host(one)?, names.host(other)?);
        let mut directions = vec![Direction { from: from.clone(), to: to.clone() }];
        if arrow == "<->" {
            directions.push(Direction { from: to, to: from });
        }
        Ok(directions)
    }
}
