use super::*;
use crate::stanza::{Limits, element_text, read_element};

fn lenient(content: &str) -> Result<X, Error> {
    parse(&format!("<x xmlns='urn:xmpp:tmp:dmuc:0'>{content}</x>"))
}

fn strict(content: &str) -> Result<XStrict, Error> {
    parse(&format!("<x xmlns='urn:xmpp:tmp:dmuc:0'>{content}</x>"))
}

fn parse<T: FromXml>(text: &str) -> Result<T, Error> {
    xso::from_bytes(text.as_bytes())
}

const ENTER: &str = "<enter jid='rubenro@vesa.yeggmaex.irc/shaver'/>";
const LEAVE: &str = "<leave jid='rubenro@vesa.yeggmaex.irc/shaver'/>";

#[test]
fn what_the_xep_shows_reads_the_same_in_both_forms() {
    for (content, shown) in [
        (ENTER.to_owned(), "enter"),
        (LEAVE.to_owned(), "leave"),
        (format!("{ENTER}<history maxstanzas='20'/>"), "enter history"),
        ("<history/>".to_owned(), "history"),
        ("<delay xmlns='urn:xmpp:delay' stamp='1990-10-13T23:58:37Z'/>".to_owned(), "delay"),
        (String::new(), ""),
    ] {
        let read = lenient(&content).unwrap();
        let present = [
            ("enter", read.enter.is_some()),
            ("leave", read.leave.is_some()),
            ("history", read.history.is_some()),
            ("delay", read.delay.is_some()),
        ];
        let present: Vec<_> = present.iter().filter(|(_, there)| *there).map(|x| x.0).collect();
        assert_eq!(present.join(" "), shown);
        assert_eq!(X::from(strict(&content).unwrap()), read);
    }
}

#[test]
fn both_forms_refuse_what_has_no_meaning() {
    for content in [
        "<enter/>",
        "<leave/>",
        "<enter jid='rubenro@vesa.yeggmaex.irc'/>",
        "<leave jid='rubenro@vesa.yeggmaex.irc'/>",
        "<enter jid='@/'/>",
        "<enter jid=''/>",
        "<enter jid='a@b/c'/><enter jid='a@b/d'/>",
        "<leave jid='a@b/c'/><leave jid='a@b/c'/>",
        "<history maxstanzas='-1'/>",
        "<history maxstanzas='4294967296'/>",
        "<history maxstanzas='many'/>",
        "<history since='yesterday'/>",
        "<history/><history/>",
        "<delay xmlns='urn:xmpp:delay'/>",
        "<delay xmlns='urn:xmpp:delay' stamp='1990-10-13'/>",
        "text",
    ] {
        assert!(lenient(content).is_err(), "{content}");
        assert!(strict(content).is_err(), "{content}");
    }
}

#[test]
fn only_the_strict_form_refuses_what_the_xep_does_not_have() {
    for content in [
        "<kick jid='a@b/c'/>",
        "<enter xmlns='urn:x' jid='a@b/c'/>",
        "<delay stamp='1990-10-13T23:58:37Z'/>",
        "<enter jid='a@b/c' nick='d'/>",
        "<enter jid='a@b/c'><history/></enter>",
        "<leave jid='a@b/c' reason='d'/>",
        "<history maxstanza='20'/>",
        "<delay xmlns='urn:xmpp:delay' stamp='1990-10-13T23:58:37Z'><x/></delay>",
    ] {
        assert!(strict(content).is_err(), "{content}");
        assert!(lenient(content).is_ok(), "{content}");
    }
    let attribute = "<x xmlns='urn:xmpp:tmp:dmuc:0' by='somebody'/>";
    assert!(parse::<XStrict>(attribute).is_err());
    assert_eq!(parse::<X>(attribute).unwrap(), X::default());
}

#[test]
fn another_namespace_is_another_element() {
    assert!(parse::<X>("<x xmlns='urn:xmpp:tmp:dmuc:1'/>").is_err());
    assert!(parse::<X>("<y xmlns='urn:xmpp:tmp:dmuc:0'/>").is_err());
    assert!(parse::<X>("<x/>").is_err());
}

#[test]
fn all_limits_of_history_are_read() {
    let x = lenient(
        "<history maxchars='1000' maxstanzas='20' seconds='0' since='1990-10-14T01:58:37+02:00'/>",
    );
    let history = x.unwrap().history.unwrap();
    assert_eq!(history.maxchars, Some(1000));
    assert_eq!(history.maxstanzas, Some(20));
    assert_eq!(history.seconds, Some(0));
    assert_eq!(history.since, Some(Time::XEP_EPOCH));
}

#[test]
fn what_is_written_is_what_the_xep_prints() {
    let delay = Delay {
        from: Some(Jid::new("wallops@channel.avalon.irc/BigCheese").unwrap()),
        stamp: Time::XEP_EPOCH,
    };
    let x = X { history: Some(History::default()), delay: Some(delay), ..X::default() };
    let text = element_text(&x.clone().into(), ns::CLIENT);
    assert_eq!(
        text,
        "\
<x xmlns='urn:xmpp:tmp:dmuc:0'>
  <history/>
  <delay xmlns='urn:xmpp:delay' from='wallops@channel.avalon.irc/BigCheese' \
         stamp='1990-10-13T23:58:37Z'/>
</x>"
    );
    let element = read_element(&text, Limits::default()).unwrap();
    assert_eq!(X::try_from(element).unwrap(), x);
}
