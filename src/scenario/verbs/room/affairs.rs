//! What is not talk: invitations, voice, configuration, registration, lists, the end of a room
//! (XEP-0045 §7.8, §7.10, §7.13, §9, §10; XEP-0249).

use super::super::super::ast::{Name, Occupant};
use super::super::super::line::Parsed;
use super::super::super::mistake::Wrong;
use super::super::super::sentence::Sentence;
use super::super::super::setting::Setting;
use super::{Privilege, RoomDeed, because};

impl RoomDeed {
    /// What comes next, if it is none of the everyday deeds.
    pub(super) fn parse_affair(s: &mut Sentence<'_>) -> Parsed<Option<(Self, Name)>> {
        let deed = if s.line.any_of(&["invites", "invite"]) {
            Self::parse_invites(s)?
        } else if s.line.any_of(&["declines the invitation of", "decline the invitation of"]) {
            RoomDeed::Declines { whom: s.occupant()?, reason: because(s)? }
        } else if s.line.any_of(&["approves the request of", "approve the request of"]) {
            RoomDeed::Decides { whom: s.occupant()?, allow: true }
        } else if s.line.any_of(&["refuses the request of", "refuse the request of"]) {
            RoomDeed::Decides { whom: s.occupant()?, allow: false }
        } else if s.line.any_of(&["configures", "configure"]) {
            RoomDeed::Configures(Self::parse_settings(s)?)
        } else if s.line.any_of(&["cancels the configuration", "cancel the configuration"]) {
            RoomDeed::CancelsConfiguration
        } else if s.line.any_of(&["registers as", "register as"]) {
            RoomDeed::Registers(s.line.expect_text()?)
        } else if s.line.any_of(&["unregisters", "unregister"]) {
            RoomDeed::Unregisters
        } else if s.line.any_of(&["destroys", "destroy"]) {
            return Self::parse_destroys(s).map(Some);
        } else if s.line.any_of(&["probes", "probe"]) {
            RoomDeed::Probes(s.occupant()?)
        } else {
            return Ok(None);
        };
        Ok(Some((deed, s.in_room()?)))
    }

    /// `asks Troy for his vcard`, `asks for voice`, `asks for the list of members`
    pub(super) fn parse_asks(s: &mut Sentence<'_>) -> Parsed<Self> {
        if s.line.words("for voice") {
            return Ok(RoomDeed::AsksVoice);
        }
        if s.line.words("for the configuration") {
            return Ok(RoomDeed::AsksConfiguration);
        }
        if s.line.words("for registration") {
            return Ok(RoomDeed::AsksRegistration);
        }
        if s.line.words("for the list of") {
            return Privilege::parse_plural(s).map(RoomDeed::AsksList);
        }
        let occupant = s.occupant()?;
        s.line.expect_words("for")?;
        if !s.line.any_of(&["his vcard", "her vcard", "its vcard"]) {
            return Err(s.line.unexpected());
        }
        Ok(RoomDeed::AsksVcard(occupant))
    }

    fn parse_invites(s: &mut Sentence<'_>) -> Parsed<Self> {
        let whom = s.person()?;
        let directly = s.line.words("directly");
        let reason = because(s)?;
        Ok(RoomDeed::Invites { whom, directly, reason })
    }

    /// `members-only yes and password "spell"`; `nothing`: everything stays as it is.
    fn parse_settings(s: &mut Sentence<'_>) -> Parsed<Vec<Setting>> {
        if s.line.words("nothing") {
            return Ok(Vec::new());
        }
        let mut settings: Vec<Setting> = Vec::new();
        loop {
            let span = s.line.here();
            if let Some(setting) = Self::parse_setting(s)? {
                if settings.iter().any(|other| other.field == setting.field) {
                    s.line.note((Wrong::Twice { what: "the same setting".to_owned() }, span));
                }
                settings.push(setting);
            }
            if !s.line.comma_or_and() {
                return Ok(settings);
            }
        }
    }

    /// Nothing if it is noted as wrong.
    fn parse_setting(s: &mut Sentence<'_>) -> Parsed<Option<Setting>> {
        let span = s.line.here();
        s.line.expecting("a setting such as `members-only`");
        let Some(word) = s.line.peek_word() else { return Err(s.line.unexpected()) };
        let known = Setting::known(word);
        s.line.advance(1);
        if let Err(wrong) = known {
            s.line.note((wrong, span));
        }
        let span = s.line.here();
        let value = match s.line.text("the value of the setting") {
            Some(text) => text,
            None => {
                let Some(word) = s.line.peek_word() else { return Err(s.line.unexpected()) };
                s.line.advance(1);
                word.to_owned()
            }
        };
        match Setting::known(word).and_then(|_| Setting::read(word, &value)) {
            Ok(setting) => return Ok(Some(setting)),
            Err(wrong) if Setting::known(word).is_ok() => s.line.note((wrong, span)),
            Err(_) => {}
        }
        Ok(None)
    }

    fn parse_destroys(s: &mut Sentence<'_>) -> Parsed<(Self, Name)> {
        let span = s.line.here();
        let no_room =
            s.line.peek_word().is_none_or(|word| matches!(word, "in" | "with" | "because"));
        let room = if no_room {
            s.line.expecting("a room");
            s.the_room().map_err(|wrong| (wrong, span))?
        } else {
            s.room()?
        };
        let venue = if s.line.words("in favour of") { Some(s.venue()?) } else { None };
        let password =
            if s.line.words("with password") { Some(s.line.expect_text()?) } else { None };
        Ok((RoomDeed::Destroys { venue, password, reason: because(s)? }, room))
    }
}

/// Whom a deed of these is done to.
pub(super) fn other(deed: &RoomDeed) -> Option<&Occupant> {
    match deed {
        RoomDeed::Invites { whom, .. }
        | RoomDeed::Declines { whom, .. }
        | RoomDeed::Decides { whom, .. } => Some(whom),
        RoomDeed::Probes(other) | RoomDeed::AsksVcard(other) => Some(other),
        _ => None,
    }
}
