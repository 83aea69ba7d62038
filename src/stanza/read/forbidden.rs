//! What XML has, and XMPP forbids.

/// What XMPP wants instead.
pub const WITHOUT_FORBIDDEN: &str = "XML without comments, processing instructions, DTDs and \
                                     entities of its own: XMPP forbids them (RFC 6120 §11.1)";

/// What begins with this markup, if it is XML that XMPP forbids.
pub fn forbidden(markup: &[u8]) -> Option<&'static str> {
    const ALL: [(&str, &str); 7] = [
        ("<!--", "a comment"),
        ("<!DOCTYPE", "a DOCTYPE"),
        ("<!ENTITY", "the declaration of an entity"),
        ("<!ELEMENT", "the declaration of an element"),
        ("<!ATTLIST", "the declaration of attributes"),
        ("<!NOTATION", "the declaration of a notation"),
        ("<?", "a processing instruction"),
    ];
    let begins = |begin: &str| {
        markup.get(..begin.len()).is_some_and(|first| first.eq_ignore_ascii_case(begin.as_bytes()))
    };
    let is_declaration = markup.strip_prefix(b"<?xml").is_some_and(|rest| {
        rest.first().is_some_and(|next| next.is_ascii_whitespace() || *next == b'?')
    });
    if is_declaration {
        return Some("an XML declaration, which only begins a stream");
    }
    ALL.iter().find(|(begin, _)| begins(begin)).map(|(_, what)| *what)
}
