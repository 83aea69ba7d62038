use super::form::Answer;
use super::*;
use crate::stanza::attribute;

fn room() -> RoomConfig {
    RoomConfig::new("wallops@channel.avalon.irc".parse().unwrap())
}

fn submit(config: &RoomConfig, fields: &[(&str, &[&str])]) -> Result<RoomConfig, Problem> {
    let mut all = vec![("FORM_TYPE", &[FORM_TYPE][..])];
    all.extend(fields);
    let fields: String = all
        .iter()
        .map(|(var, values)| {
            let values: String = values.iter().map(|v| format!("<value>{v}</value>")).collect();
            format!("<field var='{var}'>{values}</field>")
        })
        .collect();
    let xml = format!("<x xmlns='jabber:x:data' type='submit'>{fields}</x>");
    match Answer::read(&xml.parse().unwrap(), FORM_TYPE)? {
        Answer::Submitted(fields) => apply(config, fields),
        other => panic!("{other:?}"),
    }
}

/// A configuration in which nothing is as it is at first.
fn unusual() -> RoomConfig {
    RoomConfig {
        name: Some("Wallops".to_owned()),
        description: Some("Operators & others".to_owned()),
        persistent: false,
        public: false,
        logging: true,
        distributed: false,
        members_only: true,
        password: Some("avaunt".to_owned()),
        max_users: Some(7),
        allow_invites: false,
        allow_member_invites: true,
        moderated: true,
        whois: Whois::Anyone,
        change_subject: true,
        private_messages: PrivateMessages::Moderators,
        member_lists: false,
        presence_broadcast: BTreeSet::from([BroadcastRole::Moderator, BroadcastRole::Absent]),
        history_max: 3,
        ..room()
    }
}

#[test]
fn what_the_form_shows_is_what_the_room_is() {
    for config in [room(), unusual()] {
        let shown = attribute(form(&config), "type", "submit");
        let Answer::Submitted(fields) = Answer::read(&shown, FORM_TYPE).unwrap() else { panic!() };
        let other = if config == room() { unusual() } else { room() };
        assert_eq!(apply(&other, fields).unwrap(), config);
    }
}

#[test]
fn fields_that_are_not_submitted_keep_their_values() {
    let changed = submit(&unusual(), &[("muc#roomconfig_roomname", &["wallops"])]).unwrap();
    assert_eq!(changed, RoomConfig { name: Some("wallops".to_owned()), ..unusual() });
    assert_eq!(submit(&unusual(), &[]).unwrap(), unusual());
}

#[test]
fn an_empty_password_is_none() {
    let open = submit(&unusual(), &[("muc#roomconfig_roomsecret", &[])]).unwrap();
    assert_eq!(open.password, None);
    let open = submit(&unusual(), &[("muc#roomconfig_passwordprotectedroom", &["0"])]).unwrap();
    assert_eq!(open.password, None);
    let wrong = submit(&room(), &[("muc#roomconfig_passwordprotectedroom", &["1"])]).unwrap_err();
    assert!(wrong.text().starts_with("muc#roomconfig_passwordprotectedroom: "));
}

#[test]
fn what_is_impossible_is_refused_by_the_name_of_its_field() {
    let long = "n".repeat(5_000);
    for (var, values) in [
        ("muc#roomconfig_roomname", &[long.as_str()][..]),
        ("muc#roomconfig_roomname", &["a", "b"]),
        ("muc#roomconfig_roomdesc", &[&long]),
        ("muc#roomconfig_roomsecret", &[&long]),
        ("muc#roomconfig_persistentroom", &["maybe"]),
        ("muc#roomconfig_publicroom", &["yes"]),
        ("muc#roomconfig_membersonly", &["2"]),
        ("muc#roomconfig_moderatedroom", &["TRUE"]),
        ("muc#roomconfig_allowinvites", &["-1"]),
        ("muc#roomconfig_changesubject", &["on"]),
        ("muc#roomconfig_distributed", &["off"]),
        ("muc#roomconfig_enablelogging", &["x"]),
        ("muc#roomconfig_whois", &["nobody"]),
        ("muc#roomconfig_allowpm", &["friends"]),
        ("muc#roomconfig_getmemberlist", &["moderator", "world"]),
        ("muc#roomconfig_presencebroadcast", &["moderator", "owner"]),
        ("muc#roomconfig_historylength", &["-1"]),
        ("muc#roomconfig_historylength", &["10001"]),
        ("muc#roomconfig_historylength", &[""]),
        ("muc#roomconfig_maxusers", &["0"]),
        ("muc#roomconfig_maxusers", &["many"]),
        ("muc#roomconfig_maxuser", &["10"]),
    ] {
        let problem = submit(&room(), &[(var, values)]).unwrap_err();
        assert!(problem.text().starts_with(&format!("{var}: ")), "{problem}");
    }
}

#[test]
fn codes_tell_what_concerns_privacy_from_the_rest() {
    let codes_of = |after: RoomConfig| codes(&room(), &after);
    assert!(codes_of(room()).is_empty());
    assert_eq!(codes_of(RoomConfig { moderated: true, ..room() }), [104]);
    assert_eq!(codes_of(RoomConfig { whois: Whois::Anyone, ..room() }), [172]);
    assert_eq!(codes_of(RoomConfig { logging: true, ..room() }), [170]);
    assert_eq!(codes_of(unusual()), [104, 170, 172]);
    assert_eq!(codes(&unusual(), &room()), [104, 171, 173]);
}
