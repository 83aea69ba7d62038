//! Roles and affiliations by IQ (XEP-0045 §8, §9, §10.5; 3.7.4), through slaves.

use wallops::stanza::{Stanza, Type, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

/// Who did this was told this.
fn answer(stage: &Stage, who: &str, id: &str) -> Result<(), String> {
    let got = stage.record.got(who);
    let answers: Vec<_> = got.iter().filter(|stanza| stanza.id.as_deref() == Some(id)).collect();
    assert_eq!(answers.len(), 1, "{who} is answered once");
    match condition(answers[0]) {
        Some(condition) => Err(condition),
        None => {
            assert_eq!(answers[0].type_, Type::Result);
            Ok(())
        }
    }
}

/// 3.7.4: the order of what follows a kick.
#[test]
fn a_kick_is_leave_then_result_then_the_news_or_leave_then_the_news_then_result() {
    let mut stage = Stage::full();
    let id = stage.kick(WIZ, "Efchen");
    let up = stage.record.from(Hop::SlaveToMaster, WIZ);
    assert_eq!(up, stage.record.from(Hop::UserToSlave, WIZ));
    let down = stage.record.hop(Hop::MasterToSlave);
    assert_eq!((to(&down[0]), leave_jid(&down[0]).as_deref()), (VESA, Some(EFCHEN)));
    assert!(has_code(&down[0], "307") && has_code(&down[0], "110"));
    assert!(text(&down[0]).contains("<actor nick='WiZ'/>"), "{}", text(&down[0]));
    assert_eq!(down[1..].iter().map(to).collect::<Vec<_>>(), SLAVES);
    for news in &down[1..] {
        assert!(news.is_unavailable() && has_code(news, "307") && !has_code(news, "110"));
        assert!(text(news).contains("Avaunt!"));
    }
    assert_eq!(item(&down[2], "jid"), Some(EFCHEN), "eris has moderators");
    assert_eq!(item(&down[3], "jid"), None, "vesa has none");
    assert_eq!(answer(&stage, WIZ, &id), Ok(()));
    let own = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(own.len(), 1);
    assert!(has_code(&own[0], "307") && has_code(&own[0], "110"));
    assert!(!text(&own[0]).contains(WIZ), "he does not learn who WiZ is");
    stage.join(EFCHEN);
    assert!(stage.clients[EFCHEN].is_in(), "a kick is no ban");
}

/// XEP-0045 §8.2, §8.3, §9.6: permissions.
#[test]
fn roles_are_given_by_those_who_may() {
    for (actor, whom, role, expected) in [
        (EFCHEN, "Valdis", "none", Err("forbidden")),
        (EFCHEN, "Valdis", "visitor", Err("forbidden")),
        (BIGCHEESE, "Efchen", "moderator", Err("forbidden")),
        (TROY, "Efchen", "none", Ok(())),
        (TROY, "Efchen", "visitor", Ok(())),
        (TROY, "Efchen", "moderator", Err("forbidden")),
        (TROY, "Wumpus", "none", Err("not-allowed")),
        (TROY, "WiZ", "none", Err("not-allowed")),
        (WIZ, "Wumpus", "none", Err("not-allowed")),
        (WIZ, "Troy", "participant", Ok(())),
        (WIZ, "Efchen", "moderator", Ok(())),
        (WUMPUS, "WiZ", "participant", Err("not-allowed")),
        (WUMPUS, "WiZ", "none", Ok(())),
        (WUMPUS, "Nobody", "none", Err("item-not-found")),
        (WUMPUS, "Efchen", "emperor", Err("bad-request")),
    ] {
        let mut stage = Stage::full();
        let id = stage.set_role(actor, whom, role);
        let got = answer(&stage, actor, &id);
        assert_eq!(got, expected.map_err(str::to_owned), "{actor} makes {whom} {role}");
        stage.assert_converged();
        let news = stage.record.hop(Hop::MasterToSlave).len();
        assert_eq!(news == 0, expected.is_err());
    }
}

/// XEP-0045 §9, §10.3–10.6: permissions.
#[test]
fn affiliations_are_given_by_those_who_may() {
    for (actor, whom, affiliation, expected) in [
        (EFCHEN, VALDIS, "outcast", Err("forbidden")),
        (TROY, EFCHEN, "outcast", Err("forbidden")),
        (TROY, EFCHEN, "member", Err("forbidden")),
        (WIZ, EFCHEN, "outcast", Ok(())),
        (WIZ, EFCHEN, "member", Ok(())),
        (WIZ, EFCHEN, "admin", Err("forbidden")),
        (WIZ, WUMPUS, "outcast", Err("not-allowed")),
        (WIZ, WUMPUS, "none", Err("not-allowed")),
        (WUMPUS, WIZ, "none", Ok(())),
        (WUMPUS, EFCHEN, "admin", Ok(())),
        (WUMPUS, EFCHEN, "owner", Ok(())),
        (WUMPUS, WUMPUS, "none", Err("conflict")),
        (WUMPUS, STRANGER, "outcast", Ok(())),
        (WUMPUS, EFCHEN, "emperor", Err("bad-request")),
    ] {
        let mut stage = Stage::full();
        let id = stage.set_affiliation(actor, whom, affiliation);
        let got = answer(&stage, actor, &id);
        assert_eq!(got, expected.map_err(str::to_owned), "{actor} makes {whom} {affiliation}");
        stage.assert_converged();
    }
}

/// XEP-0045 §9.1
#[test]
fn the_banned_are_out_and_stay_out() {
    let mut stage = Stage::full();
    stage.ban(WIZ, EFCHEN);
    let down = stage.record.to(Hop::MasterToSlave, VESA);
    assert!(is_leave(&down[0]) && has_code(&down[0], "301"));
    assert_eq!(item(&down[1], "affiliation"), Some("outcast"));
    stage.join(EFCHEN);
    assert_eq!(condition(&stage.clients[EFCHEN].errors[0]).as_deref(), Some("forbidden"));
    stage.set_affiliation(WIZ, EFCHEN, "none");
    stage.join(EFCHEN);
    assert!(stage.clients[EFCHEN].is_in());
}

/// XEP-0045 §7.2.4, §8.3: a moderated room.
#[test]
fn in_a_moderated_room_newcomers_are_visitors_and_need_a_voice() {
    let mut moderated = room();
    moderated.moderated = true;
    let mut stage = Stage::of(moderated, &CAST);
    let roles: Vec<_> =
        CAST.iter().map(|who| stage.clients[WUMPUS].view[nick(who)].role.clone()).collect();
    assert_eq!(
        roles,
        ["moderator", "visitor", "visitor", "moderator", "moderator", "visitor", "visitor"]
    );
    stage.say(BIGCHEESE, "one");
    assert_eq!(condition(&stage.clients[BIGCHEESE].errors[0]).as_deref(), Some("forbidden"));
    stage.set_role(TROY, "BigCheese", "participant");
    let told = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert!(told.iter().any(|s| has_code(s, "110") && item(s, "role") == Some("participant")));
    stage.say(BIGCHEESE, "two");
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, EFCHEN)), ["two"]);
    stage.set_role(TROY, "BigCheese", "visitor");
    stage.say(BIGCHEESE, "three");
    assert_eq!(stage.clients[BIGCHEESE].errors.len(), 2);
    stage.assert_converged();
}

/// 3.7: a change of privileges is one event, with its reason; the subject's copy has 110.
#[test]
fn a_change_of_privileges_is_one_event_with_its_reason() {
    let mut stage = Stage::full();
    stage.admin(WUMPUS, "<item nick='BigCheese' role='moderator'><reason>trusty</reason></item>");
    for slave in [KILLRC, ERIS] {
        let down = stage.record.to(Hop::MasterToSlave, slave);
        assert_eq!(nicks(&down), ["BigCheese"]);
        assert!(text(&down[0]).contains("trusty"));
    }
    for who in CAST {
        let got: Vec<_> = stage.record.to(Hop::SlaveToUser, who);
        let presences: Vec<_> = got.iter().filter(|stanza| stanza.is_available()).collect();
        assert_eq!(presences.len(), 1, "{who}");
        assert_eq!(has_code(presences[0], "110"), who == BIGCHEESE);
    }
    // The reason is for now, not for newcomers.
    stage.record.clear();
    stage.join(STRANGER);
    assert!(!stage.record.got(STRANGER).iter().any(|stanza| text(stanza).contains("trusty")));
}

/// XEP-0045 §9.2, §8.4 and others: lists.
#[test]
fn lists_are_for_moderators_and_admins() {
    let mut stage = Stage::full();
    let mut ask = |who: &str, item: &str| {
        let id = stage.id("l");
        stage.send(
            who,
            &format!(
                "<iq id='{id}' to='{ROOM}' type='get'><query xmlns='{}'>{item}</query></iq>",
                ns::MUC_ADMIN
            ),
        );
        stage.record.got(who).pop().unwrap()
    };
    let owners = ask(WUMPUS, "<item affiliation='owner'/>");
    assert!(text(&owners).contains("argl@killrc.oulubox.irc"));
    let moderators = ask(TROY, "<item role='moderator'/>");
    let names: Vec<Stanza> = vec![moderators];
    assert!(["Wumpus", "WiZ", "Troy"].iter().all(|nick| text(&names[0]).contains(nick)));
    for (who, asked) in [
        (WIZ, "<item affiliation='owner'/>"),
        (TROY, "<item affiliation='outcast'/>"),
        (EFCHEN, "<item role='participant'/>"),
        (EFCHEN, "<item affiliation='owner'/>"),
    ] {
        assert_eq!(condition(&ask(who, asked)).as_deref(), Some("forbidden"), "{asked}");
    }
    assert_eq!(condition(&ask(WUMPUS, "")).as_deref(), Some("bad-request"));
}

/// All of a list of changes, or none (XEP-0045 §9.2).
#[test]
fn a_list_with_one_forbidden_change_changes_nothing() {
    let mut stage = Stage::full();
    let id =
        stage.admin(TROY, "<item nick='Efchen' role='visitor'/><item nick='Wumpus' role='none'/>");
    assert_eq!(answer(&stage, TROY, &id), Err("not-allowed".to_owned()));
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let id = stage
        .admin(WUMPUS, "<item nick='Efchen' role='visitor'/><item nick='Valdis' role='none'/>");
    assert_eq!(answer(&stage, WUMPUS, &id), Ok(()));
    stage.assert_converged();
}
